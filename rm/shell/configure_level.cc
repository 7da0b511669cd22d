// The level "configure": a copy of the document is changed, shown, and committed.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "rm/cib/check.hh"
#include "rm/cib/validate.hh"
#include "rm/configure/language.hh"
#include "rm/configure/selection.hh"
#include "rm/shell/crm.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"
#include "rm/shell/locations.hh"
#include "rm/shell/report.hh"

namespace gyre::rm::shell {

namespace {

using configure::Line;
using configure::Mistake;
using configure::Surroundings;
using configure::Words;

Document copy_of(const Document& document) {
  return std::get<Document>(Document::load(document.text()));
}

// Whose agent of that type is installed: heartbeat's, pacemaker's, or another's.
std::string provider_of(std::string_view type) {
  const char* const said = std::getenv("OCF_ROOT");
  const auto agents = std::filesystem::path(said != nullptr ? said : "/usr/lib/ocf") / "resource.d";
  std::vector<std::string> providers{"heartbeat", "pacemaker"};
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(agents, none))
    providers.push_back(entry.path().filename());
  std::sort(providers.begin() + 2, providers.end());
  const bool is_name = type.find('/') == type.npos;
  for (const std::string& provider : providers)
    if (is_name && std::filesystem::exists(agents / provider / type, none)) return provider;
  return "heartbeat";
}

std::string rest(Words& words, std::string_view what) {
  std::string word(words.take(what));
  words.expect_end("nothing more");
  return word;
}

std::vector<std::string> all_words(Words& words) {
  std::vector<std::string> all;
  while (!words.done()) all.emplace_back(words.take({}));
  return all;
}

void print_finding(const Finding& finding) {
  const bool error = finding.severity == Finding::Severity::error;
  fmt::print(stderr, "{}: {}: {}\n", error ? "ERROR" : "WARNING", finding.path, finding.what);
  if (!finding.advice.empty()) fmt::print(stderr, "  {}\n", finding.advice);
}

// What is still to be stopped needs what is configured for that.
void check_stopped(const Document& document, const std::vector<std::string>& names) {
  const Locations locations(document);
  for (const std::string& name : names) {
    const auto object = configure::find_object(document.configuration(), name);
    if (object && configure::is_resource(object) && !locations.of(name).empty())
      throw Refused(exits::error,
                    fmt::format("resource {} is running: stop it before (crm resource stop {}), or "
                                "delete --force it all the same",
                                name, name));
  }
}

// Whether one of them is an error.
bool print_findings(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings)
    if (finding.severity != Finding::Severity::note) print_finding(finding);
  return worst_of(findings) == Finding::Severity::error;
}

}  // namespace

void Configuring::open() {
  if (edit_) return;
  before_.emplace(cluster_.read());
  if (!before_->configuration())
    throw Refused(exits::config, "the document has no <configuration>");
  now_.emplace(copy_of(*before_));
  edit_.emplace(*now_, provider_of);
  told_ = 0;
}

bool Configuring::changed() const {
  return edit_ && !difference(*before_, *now_).configuration.empty();
}

void Configuring::run(const Line& line) {
  struct Command {
    std::string_view name;
    void (Configuring::*run)(Words&);
  };
  constexpr Command commands[] = {
      {"save", nullptr},
      {"load", &Configuring::load},
      {"erase", &Configuring::erase},
      {"delete", &Configuring::remove},
      {"rename", &Configuring::rename},
      {"commit", &Configuring::commit_line},
  };
  open();
  Words words(line);
  const auto word = words.take("a command");
  if (word == "show") return show(words);
  if (word == "save") return save(words);
  if (word == "verify") {
    words.expect_end("nothing more");
    return verify(false);
  }
  if (word == "refresh") {
    words.expect_end("nothing more");
    return edit_.reset();
  }
  const auto* const command = std::ranges::find(commands, word, &Command::name);
  if (command != std::end(commands))
    (this->*command->run)(words);
  else if (word == "monitor" || word == "xml" || configure::find_kind(word) != nullptr)
    edit_->define(line);
  else
    refuse_word(words, "configure",
                "show, save, load, delete, rename, erase, verify, commit, refresh, monitor, "
                "primitive, group and so on: crm --help tells all");
  say_notes();
}

void Configuring::say_notes() {
  if (!edit_) return;
  for (; told_ < edit_->notes().size(); ++told_) say_info(edit_->notes()[told_]);
}

void Configuring::show(Words& words) const {
  const bool xml = words.take_if("xml");
  const auto chosen = configure::select(*before_, *now_, all_words(words));
  fmt::print("{}", xml ? configure::xml_of(*now_, chosen)
                       : configure::show_all(chosen, Surroundings(now_->configuration())));
}

void Configuring::save(Words& words) const {
  const bool xml = words.take_if("xml");
  auto names = all_words(words);
  if (names.empty()) words.wrong("FILE or -");
  const auto file = std::move(names.back());
  names.pop_back();
  const auto chosen = configure::select(*before_, *now_, names);
  const auto text = xml ? configure::xml_of(*now_, chosen)
                        : configure::show_all(chosen, Surroundings(now_->configuration()));
  if (file == "-") return fmt::print("{}", text);
  if (const auto why = write_file(file, text); !why.empty())
    throw Refused(exits::error, fmt::format("{}: {}", file, why));
}

void Configuring::load(Words& words) {
  words.take_if("xml");  // a document begins as one, and nothing else does
  const auto method = words.take("replace, update or push");
  const bool known = method == "replace" || method == "update" || method == "push";
  if (!known) words.wrong_before("replace, update or push is expected");
  const auto file = rest(words, "FILE or -");
  const auto text = file == "-" ? read_all(stdin) : read_file(file);
  if (const auto* unread = std::get_if<Unread>(&text))
    throw Refused(exits::error, fmt::format("{}: {}", file, unread->why));
  try {
    edit_->load(std::get<std::string>(text), method == "replace"  ? configure::Load::replace
                                             : method == "update" ? configure::Load::update
                                                                  : configure::Load::push);
  } catch (const Mistake& mistake) {
    throw Refused(exits::error,
                  fmt::format("{}: {}", file == "-" ? "standard input" : file, mistake.what()));
  }
}

void Configuring::erase(Words& words) {
  const bool nodes = words.take_if("nodes");
  words.expect_end("nodes, or nothing");
  if (!nodes) return edit_->erase();
  auto all = now_->configuration().child("nodes");
  while (all.remove_child("node")) {
  }
}

void Configuring::remove(Words& words) {
  const bool forced = words.take_if("--force") || force_;
  if (words.done()) words.wrong("the id of an object");
  const auto names = all_words(words);
  if (!forced) check_stopped(*before_, names);
  edit_->remove(names);
}

void Configuring::rename(Words& words) {
  const auto old = std::string(words.take("the id of an object"));
  edit_->rename(old, rest(words, "its new id"));
}

void Configuring::commit_line(Words& words) {
  const bool force = words.take_if("force");
  words.expect_end("force, or nothing");
  if (changed()) return commit(force);
  say_info("apparently there is nothing to commit");
  say_info("try changing something first");
}

// What no configuration may be is refused in any case, what is known to go wrong unless forced.
void Configuring::verify(bool force) const {
  const auto invalid = validate(*now_);
  if (print_findings(invalid))
    throw Refused(exits::config, "that is no valid configuration; nothing was committed");
  const auto now = std::time(nullptr);
  const bool wrong = print_findings(check(*now_, now, FenceDevice::is_said_apart));
  if (lacks_fence_device(*now_, now))
    say_warning(
        "no resource will start: fencing is on, and there is no device that fences. Define one "
        "(primitive fence stonith:fence_ipmilan params ...), or, only where no two nodes can reach "
        "the same data, switch it off: crm configure property stonith-enabled=false");
  if (wrong && !force && !force_)
    throw Refused(exits::config,
                  "that would go wrong; nothing was committed (commit force does it all the same)");
}

void Configuring::commit(bool force) {
  verify(force);
  raise_epoch(*now_);
  try {
    cluster_.change(difference(*before_, *now_));
  } catch (const Stale&) {
    say_stale();
    throw Refused(exits::old, "nothing was committed: try again with what there is now");
  }
  edit_.reset();
}

void Configuring::say_stale() {
  const auto there = cluster_.read();
  const auto changes = difference(*before_, there).configuration;
  const auto said = [&](const char* name) {
    const std::string_view value = there.cib().attribute(name).value();
    return value.empty() ? std::string_view("somebody") : value;
  };
  constexpr std::size_t enough = 10;
  say_warning(fmt::format("{} (with {}, on {}) changed the configuration since it was read:",
                          said("update-user"), said("update-client"), said("update-origin")));
  for (std::size_t i = 0; i < std::min(changes.size(), enough); ++i)
    fmt::print(stderr, "  {}\n", to_text(changes[i].path));
  if (changes.size() > enough) fmt::print(stderr, "  and {} more\n", changes.size() - enough);
}

}  // namespace gyre::rm::shell
