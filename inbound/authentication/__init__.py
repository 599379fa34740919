"""Is a mail from whom it says?"""
