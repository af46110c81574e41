"""Where and why do two trainings part? In lock-step to the first ReLU that is on in one and off in the other."""
