"""Mail comes in: listeners accept it into the spool, jobs understand it and file it on tickets."""
