"""A profile becomes a contact: mapping, e-mail rules, de-duplication, suppression, packing into request bodies."""
