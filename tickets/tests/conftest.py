from tickets.tests.providers import brevo, mailgun, stub, stub_process

__all__ = ["brevo", "mailgun", "stub", "stub_process"]
