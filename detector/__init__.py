"""Stream-processing detector of ceasefires, evacuations, atrocity reports and solidarity gestures in news articles."""
