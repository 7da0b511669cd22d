"""usage: bad_input_test.py GYRE_CRM [--sanitized]    Documents that are none: a message with a
line, and a status, in bounded memory, whatever their size (a sanitizer maps more than any bound)"""
import resource
import subprocess
import sys
import tempfile
import unittest

SANITIZED = "--sanitized" in sys.argv
if SANITIZED:
    sys.argv.remove("--sanitized")
GYRE_CRM = sys.argv.pop(1)
MEMORY_MAX = 1 << 30


def bound():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))


def verify(document):
    done = subprocess.run([GYRE_CRM, "crm_verify", "-p", "-V"], input=document, check=False,
                          capture_output=True, timeout=60, preexec_fn=bound)
    return done.returncode, done.stderr.decode(errors="replace")


class BadInput(unittest.TestCase):
    def is_refused(self, document, what, status):
        got, errors = verify(document)
        self.assertEqual(got, status, errors[:500])
        self.assertIn(what, errors)
        self.assertLess(len(errors), 2000)

    def test_a_million_nested_elements(self):
        self.is_refused(b"<a>" * 1_000_000, "stdin:1: <a> is more than 256 elements deep", 76)
        nested = b"<configuration>" * 1_000_000 + b"</configuration>" * 1_000_000
        self.is_refused(b"<cib>" + nested + b"</cib>", "256 elements deep", 78)

    def test_what_is_too_long(self):
        self.is_refused(b"<cib a='" + b"x" * 100_000_000 + b"'/>", 'the value of "a" has more than',
                        1)
        self.is_refused(b"<cib>" + b"x" * 20_000_000 + b"</cib>", "a text has more than", 78)
        self.is_refused(b"<" + b"x" * 20_000_000, "the document ends in the tag <xxx", 1)
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(1 << 40)
            done = subprocess.run([GYRE_CRM, "crm_verify", "-x", file.name], check=False,
                                  capture_output=True, text=True, preexec_fn=bound)
        self.assertEqual(done.returncode, 1)
        self.assertIn("more than 268435456 bytes", done.stderr)

    def test_many_attributes(self):
        many = b"".join(b" a%d=''" % i for i in range(300_000))
        self.is_refused(b"<cib" + many + b" a5=''/>", 'attribute "a5" stands twice in <cib>', 1)

    def test_many_wrong_elements_have_a_bounded_answer(self):
        status, errors = verify(b"<cib validate-with='pacemaker-3.9'>" + b"<a/>\n" * 300_000 +
                                b"</cib>")
        self.assertEqual(status, 78)
        self.assertIn("stdin:2: element a: error: /cib/a: is not known here", errors)
        self.assertLess(errors.count("\n"), 300)

    def test_entities_that_grow(self):
        self.is_refused(b"""<?xml version="1.0"?>
<!DOCTYPE cib [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<cib>&b;</cib>""", "stdin:2: a document type is not accepted", 1)
        self.is_refused(b"<cib>&b;</cib>", "an entity that is not known", 78)

    def test_binary_garbage(self):
        self.is_refused(bytes(range(256)) * 1000, "text outside of all elements", 1)
        self.is_refused(b"<cib>\0</cib>", "the character 0x0, which XML does not have", 78)
        self.is_refused(b"<cib a='\xff\xfe'/>", "bytes that are not UTF-8", 1)
        self.is_refused("<cib/>".encode("utf-16"), "text outside of all elements", 1)


if __name__ == "__main__":
    unittest.main()
