// Two documents with a zero byte between: each is the same when it is read again from its text, and
// what tells them apart, as text as well, leads from one to the other, or is refused and changes
// nothing. Not with text in them: where it begins and ends is not kept.
#include "rm/cib/document.hh"

#include <cassert>

#include "rm/cib/difference_xml.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::rm;

std::optional<Document> load(std::string_view text) {
  auto loaded = Document::load(text);
  if (std::holds_alternative<Fault>(loaded)) return std::nullopt;
  auto& document = std::get<Document>(loaded);
  const auto with_text = document.cib().find_node(
      [](pugi::xml_node node) { return node.type() != pugi::node_element; });
  return with_text ? std::nullopt : std::optional(std::move(document));
}

std::string once_more(const Document& document) {
  const auto text = document.text();
  const auto again = load(text);
  assert(again && again->text() == text && again->version() == document.version());
  return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view both(reinterpret_cast<const char*>(data), size);
  const auto middle = std::min(both.find('\0'), size);
  auto from = load(both.substr(0, middle));
  if (!from) return 0;
  const auto before = once_more(*from);
  auto to = load(both.substr(std::min(middle + 1, size)));
  if (!to) return 0;
  once_more(*to);
  const auto told = difference(*from, *to);
  const auto again = read_difference(to_text(told, &*to));
  assert(std::get<ReadDifference>(again).difference == told);
  if (!patch(*from, told)) {
    const auto left = difference(*from, *to);
    assert(left.from == left.to && left.header.empty());
    assert(left.configuration.empty() && left.status.empty());
  } else {
    assert(from->text() == before);
  }
  return 0;
}
