// A document's bytes: what the scan lets through, the parser understands, and as it stands there;
// what it refuses, it refuses in a line that there is.
#include "rm/cib/scan.hh"

#include <cassert>
#include <pugixml.hpp>

#include "rm/cib/characters.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::rm;

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const auto [c, size] = decode(text);
    if (size == 0 || !is_character(c)) return false;
    text.remove_prefix(size);
  }
  return true;
}

struct Walker : pugi::xml_tree_walker {
  bool for_each(pugi::xml_node& node) override {
    assert(static_cast<std::size_t>(depth()) <= depth_max + 1);
    assert(is_text(node.value()));
    if (node.type() != pugi::node_element) return true;
    assert(*node.name() != '\0' && is_text(node.name()));
    for (auto one = node.first_attribute(); one; one = one.next_attribute()) {
      assert(is_text(one.name()) && is_text(one.value()));
      for (auto other = one.next_attribute(); other; other = other.next_attribute())
        assert(std::string_view(one.name()) != other.name());
    }
    return true;
  }
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto fault = scan(text)) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    assert(fault->line >= 1 && fault->line <= lines && !fault->what.empty());
    return 0;
  }
  pugi::xml_document document;
  assert(document.load_buffer(data, size, pugi::parse_default, pugi::encoding_utf8));
  assert(document.document_element() && !document.document_element().next_sibling());
  Walker walker;
  document.traverse(walker);
  return 0;
}
