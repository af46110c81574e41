"""The chapter's exercises, one file each, answered by measurement in all three implementations.

`question.py` lists them and answers one; `trained.py` trains what an exercise asks for and checks the gradients. The
answers are the reader's reward: try an exercise first.
"""
