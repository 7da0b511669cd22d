// Resources as elements of crm_mon's XML.
#pragma once

#include "rm/schedule/model.hh"
#include "rm/show/selection.hh"
#include "rm/show/xml_writer.hh"

namespace gyre::rm::show {

void resource_xml(XmlWriter&, const schedule::Resource&, const Selection&);

}  // namespace gyre::rm::show
