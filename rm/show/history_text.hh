// What operations came to: the lines of crm_mon about it.
#pragma once

#include "rm/schedule/model.hh"
#include "rm/show/outline.hh"
#include "rm/show/selection.hh"

namespace gyre::rm::show {

struct HistoryText {
  const schedule::Cluster& cluster;
  const Selection& selection;
  const MonitorOptions& options;

  void operations(Outline&) const;
  void fail_counts(Outline&) const;
  void failures(Outline&) const;
};

}  // namespace gyre::rm::show
