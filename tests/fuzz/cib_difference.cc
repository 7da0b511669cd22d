// A difference as text, a zero byte, a document: what is read of the text is read again from its
// own text, and it changes the document or leaves it as it was.
#include "rm/cib/difference_xml.hh"

#include <algorithm>
#include <cassert>

#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::rm;

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view both(reinterpret_cast<const char*>(data), size);
  const auto middle = std::min(both.find('\0'), size);
  const auto read = read_difference(both.substr(0, middle));
  if (!std::holds_alternative<ReadDifference>(read)) return 0;
  const auto& [difference, versioned] = std::get<ReadDifference>(read);
  const auto text = to_text(difference);
  auto again = std::get<ReadDifference>(read_difference(text)).difference;
  assert(to_text(again) == text);
  auto loaded = Document::load(both.substr(std::min(middle + 1, size)));
  if (!std::holds_alternative<Document>(loaded)) return 0;
  auto& document = std::get<Document>(loaded);
  const auto before = document.text();
  const bool done = !patch(document, difference);
  assert(done || document.text() == before);
  assert(!done || document.version() == difference.to);
  return 0;
}
