"""Questions to students: form fields, answers, and the ready-made ones."""
