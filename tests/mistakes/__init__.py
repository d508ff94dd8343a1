"""Answers to each lab's exercises, beside the official one and the mistakes that its checks declare: tests/mistakes/labNN.py holds

MISTAKES    exercise → [(name, source of the cell, part of the message it must get), …]: wrong answers that no declaration
            knows, such as those that stop with an exception
OTHERS      exercise → [(name, source of the cell), …]: right answers of another form or by another way, two at least
EQUIVALENT  (exercise, mutant) → reason: changes of the official answer that compute the same (tools.judging.mutate)
"""
