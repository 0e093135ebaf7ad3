"""The endpoint that everybody writes first: save, reserve, ticket and mail, all inside the click.

Reserving reads the number of seats taken and writes it back, and the answer waits for the PDF and for the
e-mail provider. It is here to show what the product's design is for.
"""
