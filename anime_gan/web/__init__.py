"""The shell and the parts that every report page is made of; a page is one file on its own."""
