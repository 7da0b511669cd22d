// The text of a configuration: whatever it is, it is loaded or a line of it is named; and what is
// shown of what was loaded is loaded again, and shown as it was.
#include <cassert>

#include "rm/cib/validate.hh"
#include "rm/configure/edit.hh"
#include "rm/configure/language.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::rm;
using namespace gyre::rm::configure;

constexpr std::string_view base =
    "<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='1' "
    "num_updates='0'><configuration><crm_config/><nodes><node id='1' uname='n1'/><node id='2' "
    "uname='n2'/>"
    "</nodes><resources><primitive id='a' class='ocf' provider='heartbeat' type='Dummy'/>"
    "<group id='g'><primitive id='b' class='lsb' type='b'/></group></resources><constraints>"
    "<rsc_location id='l' rsc='g' node='n1' "
    "score='1'/></constraints></configuration><status/></cib>";

std::string shown(const Document& document) {
  return show_all(objects(document.configuration()), Surroundings(document.configuration()));
}

bool load(Document& document, std::string_view text, Load how) {
  try {
    Edit edit(document, {});
    edit.load(text, how);
    return true;
  } catch (const Mistake& mistake) {
    [[maybe_unused]] const std::string_view what = mistake.what();
    assert(!what.empty() && what.size() < 10'000);
    assert(mistake.line() == 0 || what.starts_with("line "));
    return false;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto document = std::get<Document>(Document::load(base));
  if (!load(document, text, static_cast<Load>(data[0] % 3))) return 0;
  // What XML can say and no configuration may have is refused later.
  if (!validate(document).empty()) return 0;
  const auto first = shown(document);
  auto again = std::get<Document>(Document::load(base));
  [[maybe_unused]] const bool loaded = load(again, first, Load::replace);
  assert(loaded && shown(again) == first);
  return 0;
}
