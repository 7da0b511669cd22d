// Which objects of a configuration are meant, and these as XML.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rm/cib/document.hh"

namespace gyre::rm::configure {

// Ids, "changed" since `before`, "type:TYPE", "tag:ID" or "related:ID"; none: all of them. As they
// are shown, each once. What is none of those, or is not there, is a Mistake.
std::vector<pugi::xml_node> select(const Document& before, const Document& now,
                                   std::span<const std::string> words);

// A document with them and what they are in, without its status.
std::string xml_of(const Document&, std::span<const pugi::xml_node> chosen);

}  // namespace gyre::rm::configure
