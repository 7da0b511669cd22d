// crm_simulate: what the cluster would do with a document, and what would come of it.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "rm/cib/document.hh"
#include "rm/schedule/plan.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"
#include "rm/shell/simulate_options.hh"

namespace gyre::rm::shell {

namespace {

int fail(int status, const std::string& words) {
  fmt::print(stderr, "crm_simulate: {}\n", words);
  return status;
}

std::int64_t clock_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t now_of(const Document& document) {
  const std::int64_t written = document.cib().attribute("execution-date").as_llong();
  return written != 0 ? written : clock_now();
}

int simulate_document(const SimulateOptions& options, Document& document) {
  schedule::Cluster cluster;
  schedule::unpack(cluster, {document.cib(), now_of(document)});
  cluster.options.sanitized = true;  // as reports of clusters are
  if (!options.process) return exits::ok;
  schedule::plan(cluster);
  const auto steps = schedule::graph(cluster);
  if (!options.save_graph.empty())
    if (const auto why = write_file(options.save_graph, schedule::graph_xml(cluster, steps));
        !why.empty())
      return fail(exits::cannot_create, fmt::format("{}: {}", options.save_graph, why));
  return exits::ok;
}

}  // namespace

int simulate(int argc, char** argv) {
  SimulateOptions options;
  if (const auto ended = read_simulate_options(argc, argv, options)) return *ended;
  if (options.source == SimulateOptions::Source::live)
    return fail(exits::no_input, "no cluster runs on this node");
  if (options.source == SimulateOptions::Source::none)
    return fail(exits::usage, "which document? -x FILE, -p or -L");
  const bool piped = options.source == SimulateOptions::Source::pipe;
  const std::string name = piped ? "stdin" : options.file;
  const auto text = piped ? read_all(stdin) : read_file(options.file);
  if (const auto* unread = std::get_if<Unread>(&text))
    return fail(exits::no_input, fmt::format("{}: {}", name, unread->why));
  auto loaded = Document::load(std::get<std::string>(text));
  if (const auto* fault = std::get_if<Fault>(&loaded))
    return fail(fault->kind == Fault::Kind::not_cib ? exits::protocol : exits::config,
                fmt::format("{}:{}: {}", name, fault->line, fault->what));
  return simulate_document(options, std::get<Document>(loaded));
}

}  // namespace gyre::rm::shell
