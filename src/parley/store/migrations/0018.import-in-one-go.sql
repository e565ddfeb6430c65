-- A file of consents is imported in one transaction: nothing is set aside for it.
DROP TABLE consent_import_lines;
