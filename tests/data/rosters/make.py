"""Makes guests.xlsx with openpyxl: a roster as an operator has one, with a date column and a sheet that is hidden."""

import datetime
from pathlib import Path

from openpyxl import Workbook

book = Workbook()
hidden = book.active
hidden.title = "Notes"
hidden.sheet_state = "hidden"
hidden.append(["nothing of use"])
sheet = book.create_sheet("Gäste")
book.active = 1
sheet.append(["Nr.", "Vorname", "Nachname", "E-Mail-Adresse", "Anschrift", "AGB akzeptiert am"])
sheet.append([1, "Zoë", "Voß", "zoe@example.org", "Am Ufer 1\n20095 Hamburg", datetime.datetime(2026, 6, 1, 9, 30)])
sheet.append([2, "Bo", "Li", "bo.li@example.org", None, datetime.date(2026, 6, 1)])
sheet.append([])
sheet.append([3, "Ona", 4711, "ona@example.org", '=CONCATENATE("a","b")', None])
sheet.append([4, "No", "Mail", None, None, None])
book.save(Path(__file__).with_name("guests.xlsx"))
