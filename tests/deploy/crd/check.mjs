// Reads a JSON list of Kubernetes objects from standard input and writes one list of faults for each, null where no package
// has a schema. The packages must be installed beside this file.
import { readFileSync } from "node:fs";

const packages = {
  "keda.sh": "keda",
  "monitoring.coreos.com": "prometheus-operator",
  "kafka.strimzi.io": "strimzi-kafka-operator",
};

async function faults(object) {
  const [group, version] = object.apiVersion.split("/");
  if (!(group in packages)) return null;
  const models = await import(`@kubernetes-models/${packages[group]}/${group}/${version}`);
  try {
    new models[object.kind](object).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}

const objects = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await Promise.all(objects.map(faults))));
