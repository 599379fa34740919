"""RQ rings the bell, the spool says what there is to do."""
