// What is asked for, held against the document before it goes to all nodes.
#pragma once

#include <optional>
#include <string>

#include "rm/cib/document.hh"
#include "rm/control/messages.hh"

namespace gyre::rm::control {

// Why it is not even tried; nothing: it may be.
std::optional<std::string> check(const Document&, const Message&);

}  // namespace gyre::rm::control
