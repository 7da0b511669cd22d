// Events as lines of text and as JSON.
#pragma once

#include <string>

#include "client/gyre/gyre.hh"

namespace gyre::tools {

// Empty for events that have no line of their own: all but views and messages.
std::string plain_text(const client::Event& event);

// One object, on one line. A payload that is not UTF-8 stands in "payload_hex" instead of
// "payload".
std::string json_text(const client::Event& event);

}  // namespace gyre::tools
