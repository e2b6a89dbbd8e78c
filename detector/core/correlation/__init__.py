"""Correlation: detections of one event become one event, and subscribers get one thread of alerts about it.

Pure like the rest of the core. `correlator.Correlator` is what a stream agent and the replay drive: one for each partition of
the topic `detections`.

**What is an event.** Detections of one key (`key`: type and country) are compared in pairs (`relation`): near in
time, not in different towns, and alike in what they say. `grouping` joins the pairs, the most alike first, and never
joins what must stay apart. The groups and all that is derived from them (`summary`) are a function of the set of
detections, whatever order they came in, and so is what an edit or a withdrawal leaves behind.

**What order does decide** is who was told what and when: an event keeps the id under which it was first told
(`threads`). A late article can show that two told events are one. Then one thread goes on, the one with more support,
and the other is cancelled with the reason and a reference to the thread that goes on. The alternative, never joining
what was told apart, would tell two updates of one event for ever, and would make the events depend on the order of
arrival. When an edit, a withdrawal or a truce's renewal parts an event, its thread stays with the larger part and the
other part opens a new thread that refers to it. So nothing is told twice under one id, and a new id always says what
it came from.

**Articles that change.** See `articles`, which states the contract between the two agents.
"""
