"""Your own backprop, judged: which line is wrong, what was probably meant, and why a right network does not learn.

A program is run as its author runs it, in a process of its own, and every operation on its arrays is recorded. From
top to bottom:

- `running/` reads and runs it, in a copy of its folder, or calls what it only defines; `surroundings/` gives it the
  digits that it asks for and does not have. `running/parent.py` starts the process, `running/child.py` is it.
- `recording/` makes a graph of what it does: each operation, its inputs, its value, the learner's own line.
- `steps/` finds in that graph what is a parameter and an update, and where a step of the training ends.
- `understanding/` finds in one such step what is a layer, an output, its targets, the loss.
- `judging/` holds what the program computes to the exact derivatives of its own forward pass and loss.
- `saying/` names what is wrong, in the learner's own lines, and how they could read.
- `training/` watches a program whose gradients are right train, and tries what would help where it does not learn.
- `torch_programs/` is all of that for a program in PyTorch, whose derivatives are not the learner's own.

`examine.py` goes through understanding, judging and saying in the child, where the recording is; what comes back is
text and numbers. `question.py` asks, `answer.py` is what comes of it, in the words of `words.py`; `tables.py` prints
it, `page.py` draws it.
"""
