"""Grade a class: take in submissions, judge each outside the process that runs it, and report. See docs/grading.md.

python -m tools.grading SUBMISSIONS

intake       folders and archives → one notebook a student
labs         which lab it is, and which of its cells are executed
wire         frames between the judge and a student's process
graphs       Keras models as plain data
student      executes the cells, in a jail
judge        holds the checks, in a jail of its own
jail         layers 1 to 3
supervisor   clock, limits, restarts
pool         tasks by hash, several workers, results that are never lost
cluster      the same tasks through Dask
reports      a page a student, tables, the class
"""
