#include "rm/execute/jobs.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace gyre::rm::execute {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Status = Outcome::Status;
using testing::ElementsAre;
using testing::IsEmpty;

Operation operation(const std::string& key, const std::string& resource = "d",
                    milliseconds interval = 0ms) {
  Operation made;
  made.key = key;
  made.resource = resource;
  made.standard = "ocf";
  made.task = interval > 0ms ? "monitor" : "start";
  made.interval = interval;
  made.timeout = 20s;
  return made;
}

Result result(int rc, const std::string& reason = "") {
  Result made;
  made.rc = rc;
  made.exit_reason = reason;
  return made;
}

// Jobs, a clock, and what they asked for since it was last looked at: "begin a", "report a 0".
struct Bed {
  Jobs::Limits limits;
  std::optional<Jobs> made;
  Now now{Time{} + 1h, 1000};
  std::map<std::string, Id> ids;
  std::vector<Outcome> outcomes;
  std::vector<std::uint64_t> serials;

  Jobs& jobs() {
    if (!made) made.emplace(limits, 100);
    return *made;
  }
  // Without what only the ledger hears of.
  std::vector<std::string> steps() {
    std::vector<std::string> found;
    while (const auto step = jobs().next()) {
      const Job* job = jobs().find(step->id);
      const std::string key = job ? job->operation.key : "";
      switch (step->what) {
        case Step::What::begin:
          ids[key] = step->id;
          found.push_back("begin " + key);
          break;
        case Step::What::kill:
          found.push_back("kill " + key);
          break;
        case Step::What::abandon:
          found.push_back("abandon " + key);
          break;
        case Step::What::report: {
          const auto report = std::ranges::find(job->reports, step->serial, &Report::serial);
          outcomes.push_back(report->outcome);
          serials.push_back(report->serial);
          found.push_back("report " + key + " " +
                          std::to_string(static_cast<int>(report->outcome.status)) + " " +
                          std::to_string(report->outcome.rc));
          break;
        }
        case Step::What::forget:
          found.push_back("forget");
          break;
        case Step::What::keep:
          break;
      }
    }
    return found;
  }
  std::vector<std::string> run(const Operation& what) {
    EXPECT_TRUE(jobs().run(what, now));
    return steps();
  }
  std::vector<std::string> end(const std::string& key, Result how) {
    jobs().ended(ids.at(key), std::move(how), now);
    return steps();
  }
  std::vector<std::string> cancel(const std::string& key) {
    EXPECT_TRUE(jobs().cancel(key, now));
    return steps();
  }
  std::vector<std::string> later(milliseconds wait) {
    now.time += wait;
    now.calendar += wait.count() / 1000;
    jobs().expire(now);
    return steps();
  }
};

TEST(Jobs, RunAndReportUntilItIsAcknowledged) {
  Bed bed;
  EXPECT_THAT(bed.run(operation("a")), ElementsAre("begin a"));
  bed.now.time += 30ms;
  EXPECT_THAT(bed.end("a", result(7, "why")), ElementsAre("report a 0 7"));
  EXPECT_EQ(bed.outcomes.back(), (Outcome{"a", Status::done, 7, "why", "", 1000, 30ms, 0ms}));
  EXPECT_THAT(bed.run(operation("a")), ElementsAre("report a 0 7"));  // is not run again
  EXPECT_EQ(bed.serials[0], bed.serials[1]);
  bed.jobs().acknowledge(bed.serials[0] + 1);
  EXPECT_THAT(bed.steps(), IsEmpty());
  bed.jobs().acknowledge(bed.serials[0]);
  EXPECT_THAT(bed.steps(), ElementsAre("forget"));
  EXPECT_TRUE(bed.jobs().all().empty());
  EXPECT_THAT(bed.run(operation("a")), ElementsAre("begin a"));
}

TEST(Jobs, OfOneResourceRunOneAtATimeInOrder) {
  Bed bed;
  EXPECT_THAT(bed.run(operation("a")), ElementsAre("begin a"));
  EXPECT_THAT(bed.run(operation("b")), IsEmpty());
  EXPECT_THAT(bed.run(operation("c")), IsEmpty());
  EXPECT_THAT(bed.run(operation("other", "e")), ElementsAre("begin other"));
  bed.now.time += 40ms;
  EXPECT_THAT(bed.end("a", result(0)), ElementsAre("report a 0 0", "begin b"));
  EXPECT_THAT(bed.end("b", result(0)), ElementsAre("report b 0 0", "begin c"));
  EXPECT_EQ(bed.outcomes.back().queued, 40ms);
  EXPECT_THAT(bed.end("c", result(0)), ElementsAre("report c 0 0"));
}

TEST(Jobs, WithoutAResourceWaitForNobody) {
  Bed bed;
  EXPECT_THAT(bed.run(operation("a", "")), ElementsAre("begin a"));
  EXPECT_THAT(bed.run(operation("b", "")), ElementsAre("begin b"));
  EXPECT_THAT(bed.end("b", result(0)), ElementsAre("report b 0 0"));
}

TEST(Jobs, RunSoManyAndWhatIsOnceGoesFirst) {
  Bed bed;
  bed.limits.running_max = 2;
  EXPECT_THAT(bed.run(operation("m1", "r1", 10s)), ElementsAre("begin m1"));
  EXPECT_THAT(bed.run(operation("m2", "r2", 10s)), IsEmpty());  // half of them recur at most
  EXPECT_THAT(bed.run(operation("a", "r3")), ElementsAre("begin a"));
  EXPECT_THAT(bed.run(operation("b", "r4")), IsEmpty());
  EXPECT_THAT(bed.run(operation("c", "r5")), IsEmpty());
  EXPECT_THAT(bed.end("m1", result(0)), ElementsAre("report m1 0 0", "begin b"));
  EXPECT_THAT(bed.end("a", result(0)), ElementsAre("report a 0 0", "begin c"));
  EXPECT_THAT(bed.end("b", result(0)), ElementsAre("report b 0 0", "begin m2"));
  EXPECT_EQ(bed.jobs().running(), 2U);
}

TEST(Jobs, ThatRecurReportOnlyAChangedResult) {
  Bed bed;
  EXPECT_THAT(bed.run(operation("m", "d", 10s)), ElementsAre("begin m"));
  EXPECT_THAT(bed.end("m", result(0)), ElementsAre("report m 0 0"));
  EXPECT_EQ(bed.jobs().deadline(), bed.now.time + 10s);
  EXPECT_THAT(bed.later(9'999ms), IsEmpty());
  EXPECT_THAT(bed.later(1ms), ElementsAre("begin m"));
  bed.now.time += 1s;
  EXPECT_THAT(bed.end("m", result(0, "another reason")), IsEmpty());
  EXPECT_THAT(bed.later(10s), ElementsAre("begin m"));
  EXPECT_THAT(bed.end("m", result(7)), ElementsAre("report m 0 7"));
  EXPECT_THAT(bed.later(10s), ElementsAre("begin m"));
  EXPECT_THAT(bed.end("m", result_of(Status::not_supported, 7, "")), ElementsAre("report m 3 7"));
  bed.jobs().acknowledge(bed.serials[0]);
  EXPECT_THAT(bed.steps(), IsEmpty());
  EXPECT_THAT(bed.later(10s), ElementsAre("begin m"));
}

TEST(Jobs, ThatRecurWaitInLineWithTheOthers) {
  Bed bed;
  bed.run(operation("m", "d", 10s));
  bed.end("m", result(0));
  EXPECT_THAT(bed.run(operation("a")), ElementsAre("begin a"));
  EXPECT_THAT(bed.later(15s), IsEmpty());
  EXPECT_THAT(bed.run(operation("b")), IsEmpty());
  EXPECT_THAT(bed.end("a", result(0)), ElementsAre("report a 0 0", "begin m"));
  EXPECT_THAT(bed.end("m", result(0)), ElementsAre("begin b"));
}

TEST(Jobs, KeepSoManyReportsOfWhatRecurs) {
  Bed bed;
  bed.limits.reports_max = 2;
  bed.run(operation("m", "d", 10s));
  for (const int rc : {0, 1, 2, 3}) {
    bed.end("m", result(rc));
    bed.later(10s);
  }
  const auto& reports = bed.jobs().all().begin()->second.reports;
  ASSERT_EQ(reports.size(), 2U);  // what it was first, and what it is now
  EXPECT_EQ(reports[0].outcome.rc, 0);
  EXPECT_EQ(reports[1].outcome.rc, 3);
}

TEST(Jobs, AreKilledWhenTheirTimeIsOver) {
  Bed bed;
  bed.run(operation("a"));
  EXPECT_THAT(bed.later(19'999ms), IsEmpty());
  EXPECT_THAT(bed.later(1ms), ElementsAre("kill a"));
  EXPECT_THAT(bed.end("a", result_of(Status::error, 1, "stuck")), ElementsAre("report a 2 1"));
  EXPECT_EQ(bed.outcomes.back().exit_reason, "not done within 20 s; it said: stuck");
  EXPECT_EQ(bed.jobs().deadline(), std::nullopt);
}

TEST(Jobs, EndedByASignalSaySoUnlessTheAgentSaidWhy) {
  Bed bed;
  Result killed = result_of(Status::error, 1, "");
  killed.signal = 9;
  bed.run(operation("a"));
  bed.end("a", killed);
  EXPECT_EQ(bed.outcomes.back().exit_reason, "ended by a signal: Killed");
  bed.run(operation("b"));
  bed.later(20s);
  bed.end("b", killed);
  EXPECT_EQ(bed.outcomes.back().exit_reason, "not done within 20 s");
}

TEST(Jobs, CountTheTimeFromTheirBeginning) {
  Bed bed;
  bed.run(operation("a"));
  bed.later(10s);
  bed.run(operation("b"));
  bed.later(5s);
  EXPECT_THAT(bed.end("a", result(0)), ElementsAre("report a 0 0", "begin b"));
  EXPECT_THAT(bed.later(19s), IsEmpty());
  EXPECT_THAT(bed.later(1s), ElementsAre("kill b"));
}

TEST(Jobs, SayHowLongTheyHadToTheMillisecond) {
  Bed bed;
  Operation short_of_time = operation("a");
  short_of_time.timeout = 1'050ms;
  bed.run(short_of_time);
  bed.later(2s);
  bed.end("a", result(0));
  EXPECT_EQ(bed.outcomes.back().exit_reason, "not done within 1.050 s");
}

Operation fencing(const std::string& key) {
  Operation made = operation(key, "device");
  made.standard = "stonith";
  made.task = "off";
  made.target = "n2";
  made.parameters = {{"pcmk_off_retries", "3"}};
  return made;
}

TEST(Jobs, ThatFenceAreTriedAgainWithinTheirTime) {
  Bed bed;
  EXPECT_THAT(bed.run(fencing("a")), ElementsAre("begin a"));
  EXPECT_THAT(bed.run(fencing("b")), IsEmpty());
  for (int i = 0; i < 2; ++i) {
    bed.now.time += 5s;
    EXPECT_THAT(bed.end("a", result(1)), ElementsAre("begin a"));
  }
  EXPECT_EQ(bed.jobs().running(), 1U);
  bed.now.time += 5s;
  EXPECT_THAT(bed.end("a", result(1, "why")), ElementsAre("report a 0 1", "begin b"));
  EXPECT_EQ(bed.outcomes.back().exit_reason, "why");
  EXPECT_EQ(bed.outcomes.back().ran, 15s);
  EXPECT_THAT(bed.end("b", result(1)), ElementsAre("begin b"));
  EXPECT_THAT(bed.end("b", result(0)), ElementsAre("report b 0 0"));
}

TEST(Jobs, ThatFenceAreNotTriedAgainWhenTheirTimeIsOver) {
  Bed bed;
  bed.run(fencing("a"));
  bed.now.time += 15s;
  EXPECT_THAT(bed.end("a", result(1)), ElementsAre("begin a"));
  EXPECT_THAT(bed.later(5s), ElementsAre("kill a"));
  EXPECT_THAT(bed.end("a", result(1)), ElementsAre("report a 2 1"));
}

TEST(Jobs, ThatFenceAreNotTriedAgainIfThatIsInVain) {
  Bed bed;
  bed.run(fencing("a"));
  EXPECT_THAT(bed.end("a", result_of(Status::not_installed, ocf_not_installed, "")),
              ElementsAre("report a 7 5"));
  bed.run(fencing("b"));
  bed.jobs().wind_down();
  EXPECT_THAT(bed.end("b", result(1)), ElementsAre("report b 0 1"));
}

TEST(Jobs, WithoutATimeoutHaveAllTheTime) {
  Bed bed;
  Operation patient = operation("a");
  patient.timeout = 0ms;
  bed.run(patient);
  EXPECT_EQ(bed.jobs().deadline(), std::nullopt);
}

TEST(Jobs, ThatDoNotDieAreLeftAndTheNextGoesOn) {
  Bed bed;
  bed.run(operation("a"));
  bed.run(operation("b"));
  EXPECT_THAT(bed.later(20s), ElementsAre("kill a"));
  EXPECT_THAT(bed.later(5s), ElementsAre("abandon a", "report a 2 1", "begin b"));
  EXPECT_THAT(bed.end("a", result(0)), IsEmpty());
}

TEST(Jobs, ThatRecurGoOnAfterATimeout) {
  Bed bed;
  bed.run(operation("m", "d", 10s));
  EXPECT_THAT(bed.later(20s), ElementsAre("kill m"));
  EXPECT_THAT(bed.end("m", result(0)), ElementsAre("report m 2 1"));
  EXPECT_THAT(bed.later(10s), ElementsAre("begin m"));
  EXPECT_THAT(bed.end("m", result(0)), ElementsAre("report m 0 0"));
}

TEST(Jobs, WaitForTheirStartDelayAndHoldUpNobody) {
  Bed bed;
  Operation delayed = operation("a");
  delayed.delay = 3s;
  EXPECT_THAT(bed.run(delayed), IsEmpty());
  EXPECT_THAT(bed.run(operation("b")), ElementsAre("begin b"));
  bed.end("b", result(0));
  EXPECT_THAT(bed.later(3s), ElementsAre("begin a"));
  EXPECT_THAT(bed.end("a", result(0)), ElementsAre("report a 0 0"));
  EXPECT_EQ(bed.outcomes.back().queued, 0ms);
}

TEST(Jobs, AreCancelledBeforeTheyRun) {
  Bed bed;
  Operation delayed = operation("delayed");
  delayed.delay = 3s;
  bed.run(delayed);
  bed.run(operation("m", "d", 10s));
  bed.run(operation("b"));
  bed.run(operation("c"));
  EXPECT_THAT(bed.cancel("delayed"), ElementsAre("report delayed 1 193"));
  EXPECT_THAT(bed.cancel("b"), ElementsAre("report b 1 193"));
  EXPECT_THAT(bed.end("m", result(0)), ElementsAre("report m 0 0", "begin c"));
  EXPECT_THAT(bed.cancel("m"), ElementsAre("report m 1 193"));
  EXPECT_THAT(bed.cancel("m"), IsEmpty());
  bed.end("c", result(0));
  EXPECT_THAT(bed.later(1h), IsEmpty());
  EXPECT_FALSE(bed.jobs().cancel("unheard of", bed.now));
}

TEST(Jobs, CancelledAtTheFrontOfTheLineLetTheNextGo) {
  Bed bed;
  bed.limits.running_max = 1;
  bed.run(operation("a", "r1"));
  bed.run(operation("b", "r2"));
  bed.run(operation("c", "r2"));
  bed.cancel("b");
  EXPECT_THAT(bed.end("a", result(0)), ElementsAre("report a 0 0", "begin c"));
}

TEST(Jobs, AreKilledByACancelOnlyIfTheyRecur) {
  Bed bed;
  bed.run(operation("m", "d", 10s));
  bed.run(operation("stop"));
  EXPECT_THAT(bed.cancel("m"), ElementsAre("kill m"));
  EXPECT_THAT(bed.cancel("m"), IsEmpty());
  EXPECT_THAT(bed.end("m", result_of(Status::error, 1, "")),
              ElementsAre("report m 1 193", "begin stop"));
  EXPECT_THAT(bed.cancel("stop"), IsEmpty());
  EXPECT_THAT(bed.end("stop", result(0)), ElementsAre("report stop 0 0"));
}

TEST(Jobs, AreSoMany) {
  Bed bed;
  bed.limits.jobs_max = 2;
  bed.run(operation("a"));
  bed.run(operation("b"));
  EXPECT_FALSE(bed.jobs().run(operation("c"), bed.now));
  EXPECT_TRUE(bed.jobs().run(operation("b"), bed.now));
  EXPECT_EQ(bed.jobs().all().size(), 2U);
}

TEST(Jobs, BeginNoMoreWhenWindingDown) {
  Bed bed;
  bed.run(operation("a"));
  bed.run(operation("b"));
  bed.jobs().wind_down();
  EXPECT_THAT(bed.end("a", result(0)), ElementsAre("report a 0 0"));
  EXPECT_THAT(bed.run(operation("c", "e")), IsEmpty());
  EXPECT_EQ(bed.jobs().running(), 0U);
}

TEST(Jobs, OfAnEarlierLifeAreLostOrCancelled) {
  Bed bed;
  const auto left = [](Operation what, Job::State state) {
    Job job;
    job.operation = std::move(what);
    job.state = state;
    job.began = 555;
    return job;
  };
  Job reported = left(operation("over"), Job::State::over);
  reported.reports.push_back({7, {"over", Status::done, 0, {}, {}, 500, 1ms, 0ms}});
  bed.jobs().restore(1, reported, bed.now);
  bed.jobs().restore(2, left(operation("ran"), Job::State::running), bed.now);
  bed.jobs().restore(3, left(operation("waited"), Job::State::queued), bed.now);
  bed.jobs().restore(4, left(operation("m", "e", 10s), Job::State::running), bed.now);
  bed.jobs().restore(5, left(operation("n", "e", 20s), Job::State::resting), bed.now);
  EXPECT_THAT(bed.steps(), ElementsAre("report ran 4 1", "report waited 1 193", "report m 1 193",
                                       "report n 1 193"));
  EXPECT_EQ(bed.outcomes[0].exit_reason, "lost: gyre-exec was started anew while it ran");
  EXPECT_EQ(bed.outcomes[0].began, 555);
  EXPECT_THAT(bed.run(operation("over")), ElementsAre("report over 0 0"));
  bed.jobs().acknowledge(7);
  EXPECT_THAT(bed.steps(), ElementsAre("forget"));
  EXPECT_THAT(bed.later(1h), IsEmpty());
  EXPECT_THAT(bed.run(operation("new")), ElementsAre("begin new"));  // nothing is in its way
}

// What the ledger has is never behind: a job is kept before its report, and after each change.
TEST(Jobs, AreKeptBeforeTheyAreReported) {
  Bed bed;
  ASSERT_TRUE(bed.jobs().run(operation("a"), bed.now));
  const Id id = bed.jobs().all().begin()->first;
  EXPECT_EQ(bed.jobs().next(), (Step{Step::What::keep, id}));
  EXPECT_EQ(bed.jobs().next(), (Step{Step::What::begin, id}));
  bed.jobs().ended(id, result(0), bed.now);
  EXPECT_EQ(bed.jobs().next(), (Step{Step::What::keep, id}));
  EXPECT_EQ(bed.jobs().next()->what, Step::What::report);
  EXPECT_EQ(bed.jobs().next(), std::nullopt);
}

}  // namespace
}  // namespace gyre::rm::execute
