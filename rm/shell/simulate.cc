// crm_simulate: what the cluster would do with a document, and what would come of it.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "rm/cib/document.hh"
#include "rm/cib/iso8601.hh"
#include "rm/cib/validate.hh"
#include "rm/schedule/plan.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"
#include "rm/shell/live_cluster.hh"
#include "rm/shell/report.hh"
#include "rm/shell/simulate_options.hh"
#include "rm/show/dot_text.hh"
#include "rm/show/explain.hh"
#include "rm/show/plan_json.hh"
#include "rm/show/score_text.hh"
#include "rm/show/status_text.hh"
#include "rm/show/transition_text.hh"
#include "rm/simulate/execution.hh"
#include "rm/simulate/injection.hh"

namespace gyre::rm::shell {

namespace {

using schedule::Cluster;
using show::Outline;

int fail(int status, const std::string& words) {
  fmt::print(stderr, "crm_simulate: {}\n", words);
  return status;
}

// What the shell knows of time, for the document says it, or the caller, or the clock.
struct Now {
  std::int64_t seconds = 0;
  std::string note;  // where it is not the clock's
};

Now now_of(const Document& document, const std::optional<std::string>& told) {
  if (told)
    return {*parse_instant(*told), fmt::format("Setting effective cluster time: {}\n", *told)};
  if (const auto written = document.cib().attribute("execution-date").as_llong(); written != 0) {
    const Civil at = civil(written);
    return {written, fmt::format("Using the original execution date of: {}-{:02}-{:02} "
                                 "{:02}:{:02}:{:02}Z\n",
                                 at.year, at.month, at.day, at.hour, at.minute, at.second)};
  }
  const auto clock = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::seconds>(clock).count(), {}};
}

class Simulation {
 public:
  Simulation(const SimulateOptions& options, Document& document)
      : options_(options),
        document_(document),
        now_(now_of(document, options.date)),
        out_(options.scores ? Outline::Style::plain : Outline::Style::fancy) {}

  int run() {
    show_current();
    if (const int status = change()) return status;
    if (const int status = save_document(options_.save_input)) return status;
    if (options_.process)
      if (const int status = process()) return status;
    if (const int status = save_document(options_.save_output)) return status;
    return options_.in_place ? save_document(options_.file) : exits::ok;
  }

 private:
  // As text only if somebody wants it: that takes as long as planning does.
  int save_document(const std::string& path) const {
    return path.empty() ? exits::ok : save(path, document_.text());
  }
  bool talks() const { return !options_.quiet && !options_.json && options_.explained.empty(); }

  void print() {
    std::fputs(out_.take().c_str(), stdout);
    out_ = Outline(options_.scores ? Outline::Style::plain : Outline::Style::fancy);
  }

  void show_current() {
    schedule::unpack(current_, {document_.cib(), now_.seconds});
    for (const std::string& warning : current_.warnings) fmt::print(stderr, "{}\n", warning);
    if (!talks()) return;
    fmt::print("{}{}", now_.note, show::status_notes(current_));
    show::status(out_, "Current cluster status", current_);
    print();
  }

  int change() {
    simulate::Injection injection(current_, document_.cib());
    int status = exits::ok;
    std::string complaint;
    if (options_.quorum) injection.quorum(*options_.quorum);
    if (options_.watchdog) injection.watchdog(*options_.watchdog);
    for (const auto& node : options_.nodes_up) injection.node_up(node);
    for (const auto& node : options_.nodes_down)
      if (!injection.node_down(node)) return fail(exits::no_input, "there is no node " + node);
    for (const auto& node : options_.nodes_failed)
      if (!injection.node_fail(node)) return fail(exits::no_input, "there is no node " + node);
    for (const auto& ticket : options_.tickets_granted) injection.ticket(ticket, "granted", true);
    for (const auto& ticket : options_.tickets_revoked) injection.ticket(ticket, "granted", false);
    for (const auto& ticket : options_.tickets_standby) injection.ticket(ticket, "standby", true);
    for (const auto& ticket : options_.tickets_activated)
      injection.ticket(ticket, "standby", false);
    for (const auto& operation : options_.operations)
      if (const std::string why = injection.operation(operation); !why.empty())
        status = fail(exits::usage, why);
    changed_ = !injection.lines().empty();
    if (talks() && changed_) {
      out_.gap();
      out_.begin("Performing Requested Modifications");
      for (const std::string& line : injection.lines()) out_.item(line);
      out_.end();
      print();
    }
    return status;
  }

  int process() {
    Cluster changed;
    if (changed_) schedule::unpack(changed, {document_.cib(), now_.seconds});
    Cluster& cluster = changed_ ? changed : current_;
    cluster.options.sanitized = true;  // as reports of clusters are
    schedule::plan(cluster);
    const auto steps = schedule::graph(cluster);
    for (const std::string& id : options_.explained)
      if (const int status = explain(cluster, id)) return status;
    if (options_.json) fmt::print("{}", show::plan_json(cluster, steps));
    if (options_.scores && !options_.json) show_scores(cluster);
    if (!options_.save_graph.empty())
      if (const int status = save(options_.save_graph, schedule::graph_xml(cluster, steps)))
        return status;
    if (!options_.save_dot.empty())
      if (const int status =
              save(options_.save_dot, show::dot(cluster, steps, options_.all_actions)))
        return status;
    if (talks()) {
      out_.gap();
      show::transition_summary(out_, cluster);
      print();
    }
    return options_.simulate ? carry_out(cluster, steps) : exits::ok;
  }

  static int explain(Cluster& cluster, const std::string& id) {
    const schedule::Resource* resource = cluster.resource(id);
    if (!resource) return fail(exits::no_input, "there is no resource " + id);
    fmt::print("{}", show::explain(cluster, *resource));
    return exits::ok;
  }

  void show_scores(const Cluster& cluster) {
    if (talks()) out_.gap();
    show::scores(out_, cluster);
    print();
  }

  int carry_out(Cluster& cluster, const std::vector<schedule::Step>& steps) {
    std::vector<simulate::OperationResult> failures;
    for (const std::string& text : options_.failed_operations) {
      int parts = 0;
      if (auto failure = simulate::parse_operation_result(text, parts))
        failures.push_back(std::move(*failure));
      else
        return fail(exits::usage,
                    fmt::format("Invalid operation spec: {}.  Only found {} fields", text, parts));
    }
    const auto done = simulate::carry_out(cluster, steps, failures);
    if (!talks()) return exits::ok;
    out_.gap();
    show::executed(out_, done);
    if (!options_.date && !now_.note.empty()) out_.note(now_.note.substr(0, now_.note.size() - 1));
    Cluster revised;
    schedule::unpack(revised, {document_.cib(), now_.seconds});
    out_.gap();
    show::status(out_, "Revised Cluster Status", revised);
    print();
    return exits::ok;
  }

  static int save(const std::string& path, const std::string& text) {
    if (path.empty()) return exits::ok;
    const std::string why = write_file(path, text);
    return why.empty()
               ? exits::ok
               : fail(exits::cannot_create, fmt::format("could not write {}: {}", path, why));
  }

  const SimulateOptions& options_;
  Document& document_;
  const Now now_;
  Outline out_;
  Cluster current_;       // as it was read
  bool changed_ = false;  // something happened since
};

}  // namespace

int simulate(int argc, char** argv) {
  SimulateOptions options;
  if (const auto ended = read_simulate_options(argc, argv, options)) return *ended;
  if (options.source == SimulateOptions::Source::none)
    return fail(exits::usage, "of which document? --xml-file FILE, --xml-pipe or --live-check");
  if (options.date && !parse_instant(*options.date))
    return fail(exits::usage, fmt::format("\"{}\" is no date of ISO 8601", *options.date));
  const bool piped = options.source == SimulateOptions::Source::pipe;
  if (piped && options.in_place) return fail(exits::usage, "--in-place needs --xml-file");
  const bool live = options.source == SimulateOptions::Source::live;
  if (live && options.in_place) return fail(exits::usage, "--in-place needs --xml-file");
  const std::string name = live ? "the cluster" : piped ? "stdin" : options.file;
  auto text = live ? read_running() : piped ? read_document(stdin) : read_document(options.file);
  if (const auto* unread = std::get_if<Unread>(&text))
    return fail(live ? exits::no_input : exits::error, fmt::format("{}: {}", name, unread->why));
  auto loaded = Document::load(std::move(std::get<Text>(text)));
  if (const auto* fault = std::get_if<Fault>(&loaded))
    return fail(fault->kind == Fault::Kind::not_cib ? exits::protocol : exits::error,
                fmt::format("{}:{}: {}", name, fault->line, fault->what));
  auto& document = std::get<Document>(loaded);
  if (to_be_validated(document))
    if (const auto findings = validate(document); worst_of(findings) == Finding::Severity::error) {
      print_invalid(name, findings, false);
      return fail(exits::config, "the configuration is not valid");
    }
  return Simulation(options, document).run();
}

}  // namespace gyre::rm::shell
