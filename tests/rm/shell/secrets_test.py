"""usage: secrets_test.py GYRE_CRM    crm_simulate: a document with its secrets overwritten"""
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import unittest

GYRE_CRM = sys.argv.pop(1)
KEY = "1:1:0:12345678-1234-1234-1234-123456789012"
CIB = """<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
 have-quorum="1" crm_feature_set="3.16.1"><configuration><crm_config><cluster_property_set id="o">
<nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"/></nodes><resources>
<primitive id="r" class="ocf" provider="pacemaker" type="Dummy"><instance_attributes id="i">
<nvpair id="i1" name="a" value="{a}"/><nvpair id="i2" name="password" value="****"/>
</instance_attributes></primitive></resources><constraints/></configuration><status>
<node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
<lrm id="1"><lrm_resources><lrm_resource id="r" class="ocf" provider="pacemaker" type="Dummy">
<lrm_rsc_op id="r_last_0" operation_key="r_start_0" operation="start" call-id="1" rc-code="0"
 op-status="0" interval="0" crm_feature_set="3.16.1" transition-key="{key}"
 transition-magic="0:0;{key}" on_node="n1" op-digest="{all}" op-secure-params=" password "
 op-secure-digest="{secure}"/></lrm_resource></lrm_resources></lrm></node_state></status></cib>"""


def digest(parameters):
    return hashlib.md5(f" <parameters {parameters}/>\n".encode()).hexdigest()


def graph(a):
    """What is planned when the parameter that is no secret is `a` now; it was 1."""
    text = CIB.format(a=a, key=KEY, all=digest('a="1" password="x"'), secure=digest('a="1"'))
    with tempfile.TemporaryDirectory() as folder:
        given, written = pathlib.Path(folder) / "cib.xml", pathlib.Path(folder) / "graph"
        given.write_text(text, encoding="utf-8")
        subprocess.run([GYRE_CRM, "crm_simulate", "-x", given, "-S", "-Q", "-G", written],
                       capture_output=True, check=True)
        return written.read_text(encoding="utf-8")


class Secrets(unittest.TestCase):
    def test_that_is_overwritten_has_not_changed(self):
        self.assertNotIn("r_stop_0", graph(a="1"))

    def test_hides_no_other_change(self):
        self.assertIn("r_stop_0", graph(a="2"))


if __name__ == "__main__":
    unittest.main()
