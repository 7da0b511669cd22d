#include "rm/show/history_text.hh"

#include <fmt/format.h>

#include "rm/show/facts.hh"
#include "rm/show/resource_text.hh"
#include "rm/show/words.hh"

namespace gyre::rm::show {

using schedule::OperationRecord;

namespace {

std::string threshold_text(const ResourceHistory& of, const MonitorOptions& options) {
  if (!of.resource) return fmt::format("{}: orphan", of.id);
  std::string text = shown_name(*of.resource);
  text += fmt::format(": migration-threshold={}", of.resource->migration_threshold);
  if (of.fail_count > 0) text += fmt::format(" fail-count={}", of.fail_count);
  if (of.fail_count > 0 && of.last_failure > 0)
    text += fmt::format(" last-failure='{}'", options.clock(of.last_failure));
  return text;
}

std::string operation_text(const OperationRecord& record, const MonitorOptions& options) {
  std::string text = fmt::format("({}) {}", record.call_id,
                                 record.probe() ? std::string_view("probe") : record.task);
  if (record.interval_ms > 0 || options.timing) text += ':';
  if (record.interval_ms > 0) text += fmt::format(" interval=\"{}ms\"", record.interval_ms);
  if (!options.timing) return text;
  if (record.last_change > 0)
    text += fmt::format(" last-rc-change=\"{}\"", options.clock(record.last_change));
  for (const char* name : {"exec-time", "queue-time"})
    if (const auto ms = record.xml.attribute(name))
      text += fmt::format(" {}=\"{}ms\"", name, ms.value());
  return text + fmt::format(" rc={} ({})", shown_exit(record), exit_text(shown_exit(record)));
}

// Of whom the key of an operation speaks: RESOURCE_TASK_INTERVAL.
std::string_view resource_of(std::string_view key, std::string_view task) {
  const auto interval = key.rfind('_');
  if (interval == key.npos || !key.substr(0, interval).ends_with(task)) return key;
  const auto rest = key.substr(0, interval - task.size());
  return rest.ends_with('_') ? rest.substr(0, rest.size() - 1) : key;
}

std::string failure_detail(const schedule::Failure& failure, const MonitorOptions& options) {
  const auto record = failure.record;
  const int exit = record.attribute("rc-code").as_int();
  std::string text =
      fmt::format("{} on {} '{}' ({}): call={}, status='{}'", failure.key, failure.node->name,
                  exit_text(exit), exit, record.attribute("call-id").value(),
                  outcome_text(record.attribute("op-status").as_int()));
  if (const auto reason = record.attribute("exit-reason"); *reason.value())
    text += fmt::format(", exitreason='{}'", reason.value());
  if (const auto when = record.attribute("last-rc-change").as_llong(); when > 0)
    text += fmt::format(", last-rc-change='{}', queued={}ms, exec={}ms", options.clock(when),
                        record.attribute("queue-time").as_llong(),
                        record.attribute("exec-time").as_llong());
  return text;
}

std::string failure_text(const schedule::Failure& failure, const MonitorOptions& options) {
  const auto record = failure.record;
  const std::string_view task = record.attribute("operation").value();
  const auto interval_ms = record.attribute("interval").as_llong();
  const auto status = record.attribute("op-status").as_int();
  const std::string_view reason = record.attribute("exit-reason").value();
  const auto last_change = record.attribute("last-rc-change").as_llong();
  const auto took_ms = record.attribute("exec-time").as_llong();
  std::string text(resource_of(failure.key, task));
  text += ' ';
  if (interval_ms > 0) text += interval_text(interval_ms) + "-interval ";
  text += task == "monitor" && interval_ms == 0 ? "probe" : task;
  text += fmt::format(" on {} ", failure.node->name);
  if (status == 0) {
    text += fmt::format("returned '{}'", exit_text(record.attribute("rc-code").as_int()));
    if (!reason.empty()) text += fmt::format(" ({})", reason);
  } else {
    text += fmt::format("could not be executed ({}{}{})", outcome_text(status),
                        reason.empty() ? "" : ": ", reason);
  }
  if (last_change > 0) text += " at " + options.clock(last_change);
  if (took_ms > 0) text += " after " + interval_text(took_ms);
  return text;
}

}  // namespace

void HistoryText::operations(Outline& out) const {
  const auto nodes = histories(cluster);
  if (nodes.empty()) return;
  out.begin("Operations");
  for (const NodeHistory& history : nodes) {
    if (!selection.has(*history.node)) continue;
    bool any = false;
    for (const ResourceHistory& of : history.resources) {
      if (of.operations.empty() || (of.resource && !selection.has(*of.resource))) continue;
      if (!any) out.begin("Node: " + node_label(*history.node, options.detail));
      any = true;
      out.begin(threshold_text(of, options));
      for (const auto& record : of.operations) out.item(operation_text(record, options));
      out.end();
    }
    if (any) out.end();
  }
  out.end();
}

void HistoryText::fail_counts(Outline& out) const {
  const auto nodes = histories(cluster);
  if (nodes.empty()) return;
  out.begin("Migration Summary");
  for (const NodeHistory& history : nodes) {
    if (!selection.has(*history.node)) continue;
    bool any = false;
    for (const ResourceHistory& of : history.resources) {
      if (of.fail_count == 0 || !selection.has(*of.resource)) continue;
      if (!any) out.begin("Node: " + node_label(*history.node, options.detail));
      any = true;
      out.item(threshold_text(of, options));
    }
    if (any) out.end();
  }
  out.end();
}

void HistoryText::failures(Outline& out) const {
  bool any = false;
  for (const auto& failure : show::failures(cluster)) {
    if (masked(failure) || !selection.has(*failure.node) || !selection.has(*failure.resource))
      continue;
    if (!any) out.begin("Failed Resource Actions");
    any = true;
    out.item(options.detail ? failure_detail(failure, options) : failure_text(failure, options));
  }
  if (any) out.end();
}

}  // namespace gyre::rm::show
