"""What an administrator agrees to."""

from __future__ import annotations

from cctui.definitions.consent import consent_text


def test_c9_c10_the_text_names_the_destination_the_boundary_the_duties_and_the_way_to_stop() -> None:
    text = consent_text()
    assert "sent to Constant Contact" in text
    assert "leaves the boundary" in text
    assert "people concerned have agreed" in text, "C10: consent to the use of the data is the customer's duty"
    assert "remove this connection at any time" in text
