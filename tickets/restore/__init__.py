"""After a restore: hold mails until an owner has decided which of them are sent."""
