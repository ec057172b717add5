"""The text of *Data privacy and compliance* that an administrator agrees to before a connection is made.

Content after the documented consent (checklist C9, C10), in words of our own.
"""

from __future__ import annotations

from cctui.locales import _


def consent_text() -> str:
    """What is agreed to, naming the destination."""
    return "\n\n".join(
        [
            _(
                "With this connection you let data of this environment be sent to Constant Contact. It may be personal "
                "and sensitive data, such as names and e-mail addresses."
            ),
            _(
                "The data then leaves the boundary within which Customer Insights and this machine keep it. It is sent "
                "only because you ask for it, and Constant Contact's own terms apply to it from there on."
            ),
            _(
                "You are responsible for seeing that Constant Contact meets the privacy and security obligations that "
                "you have, and that the people concerned have agreed to this use of their data."
            ),
            _("An administrator can remove this connection at any time, which stops all further sending."),
        ]
    )
