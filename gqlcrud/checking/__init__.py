"""An Api in, what it exposes to whom out, and what is dangerous about it."""

from gqlcrud.checking.documents import report_document
from gqlcrud.checking.hazards import Finding, Hazard
from gqlcrud.checking.report import Report, make_report
from gqlcrud.checking.texts import report_text

__all__ = ["Finding", "Hazard", "Report", "make_report", "report_document", "report_text"]
