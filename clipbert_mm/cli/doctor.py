# Copyright (c) clipbert_mm contributors.
"""Check the installation, and say what to type where something is missing.

The status is 1 if something is broken that the package needs. What is only
optional, or can be worked around, is a note.

Example:
    clipbert-mm doctor
    clipbert-mm doctor --json
"""

from . import options
from .running import Outcome, Status, run
from .tables import make_table


def doctor(
    as_json: options.Json = False, debug: options.Debug = False
) -> None:
    """Check the installation."""

    def work() -> Outcome:
        from .diagnosis import diagnose

        findings = diagnose()
        rows = [
            [finding.state, finding.subject, finding.found]
            for finding in findings
        ]
        rows += [
            ['', finding.subject, f'type: {finding.remedy}']
            for finding in findings
            if finding.remedy
        ]
        broken = [f for f in findings if f.state == 'broken']
        document = dict(
            broken=[finding.subject for finding in broken],
            findings=[finding._asdict() for finding in findings],
        )
        return Outcome(
            document,
            make_table('', ['state', 'subject', 'found'], rows),
            Status.FAILED if broken else Status.FINE,
        )

    run(work, as_json, debug)
