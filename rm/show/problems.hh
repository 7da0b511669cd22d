// What an operator should know of a plan: nodes to be fenced, failures, resources that cannot run,
// settings that do not do what they seem to.
#pragma once

#include <vector>

#include "rm/cib/finding.hh"
#include "rm/schedule/model.hh"

namespace gyre::rm::show {

// Of a cluster that is planned. Warnings and errors stand for what Pacemaker's crm_verify does not
// let pass, notes for the rest.
std::vector<Finding> problems(const Document&, const schedule::Cluster&);

// Of them, those that the settings alone make.
void setting_problems(const schedule::Cluster&, Findings&);

}  // namespace gyre::rm::show
