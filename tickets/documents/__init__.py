"""What organisers print: sheets, badges, certificates, all of a school."""
