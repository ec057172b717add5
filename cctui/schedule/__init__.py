"""What is due when: moments from schedules. Firing what is due is the business of ``delivery``."""
