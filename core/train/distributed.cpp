#include "core/train/distributed.h"

// Which of c10d's headers say anything is up to these.
#define USE_DISTRIBUTED
#define USE_C10D_GLOO
#include <c10/util/Logging.h>
#include <dlfcn.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>

#include "core/error.h"
#include "core/torch.h"
#include "core/train/nccl_group.h"

namespace lvr {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

int number(const char* name) {
    const auto text = variable(name);
    int value = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size() || value < 0)
        throw Error("the environment variable " + std::string(name) + " is \"" + text +
                    "\", not a number; start the processes with torchrun or srun");
    return value;
}

// Who this process is among those that train together, and where they meet.
struct Seat {
    int rank = 0, count = 1, port = 0;
    std::string host;
    bool agentServes = false;  // torchrun's agent keeps the store, no rank has to
};

Seat seatOfTorchrun() {
    const char* names[] = {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"};
    std::string missing;
    for (const char* name : names)
        if (variable(name).empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
    if (!missing.empty())
        throw Error("of RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT some are set, but not " +
                    missing + "; start the processes with torchrun, or unset them all");
    return {number("RANK"), number("WORLD_SIZE"), number("MASTER_PORT"), variable("MASTER_ADDR"),
            variable("TORCHELASTIC_USE_AGENT_STORE") == "True"};
}

// Only within a job step of several tasks: a shell in an allocation trains alone.
Seat seatOfSlurm() {
    if (variable("SLURM_PROCID").empty() || variable("SLURM_NTASKS").empty() ||
        variable("SLURM_STEP_ID").empty() || number("SLURM_NTASKS") < 2)
        return {};
    const auto host = variable("SLURM_LAUNCH_NODE_IPADDR");
    if (host.empty())
        throw Error(
            "SLURM_PROCID is set, but SLURM_LAUNCH_NODE_IPADDR is not; set MASTER_ADDR, "
            "MASTER_PORT, RANK and WORLD_SIZE instead");
    constexpr int kFirstPort = 20000, kPorts = 10000;
    return {number("SLURM_PROCID"), number("SLURM_NTASKS"),
            kFirstPort + number("SLURM_JOB_ID") % kPorts, host, false};
}

Seat findSeat() {
    Seat seat;
    for (const char* name : {"RANK", "WORLD_SIZE"})
        if (!variable(name).empty()) {
            seat = seatOfTorchrun();
            break;
        }
    if (seat.host.empty()) seat = seatOfSlurm();
    if (seat.rank >= seat.count)
        throw Error("RANK is " + std::to_string(seat.rank) + " of WORLD_SIZE " +
                    std::to_string(seat.count) + "; ranks count from 0");
    return seat;
}

// The first sentence of what c10d says, without the place in its sources.
std::string gist(const std::string& text) {
    const auto end = std::min(text.find('\n'), text.find(". "));
    const auto begin = text.starts_with('[') ? text.find("] ") + 2 : 0;
    return begin < end ? text.substr(begin, end - begin) : text;
}

using Clock = std::chrono::steady_clock;
using Store = c10::intrusive_ptr<c10d::Store>;

std::string pulseOf(int rank) { return "pulse/" + std::to_string(rank); }

std::filesystem::path ncclPluginFile() {
    return std::filesystem::read_symlink("/proc/self/exe").replace_filename(kNcclPluginFile);
}

const NcclPlugin& loadNcclPlugin() {
    const auto file = ncclPluginFile();
    void* library = dlopen(file.c_str(), RTLD_NOW);
    void* entry = library ? dlsym(library, kNcclPluginEntry) : nullptr;
    if (!entry)
        throw Error("the plugin for NCCL cannot be loaded (" + std::string(dlerror()) +
                    "); build it for this LibTorch, or remove " + file.string() +
                    " to train over Gloo");
    return *reinterpret_cast<const NcclPlugin* (*)()>(entry)();
}

}  // namespace

// Counts up, in the store that all ranks see, and looks there when the others last did. On a thread
// of its own, as this rank may be busy, and the store's machine be gone without a word.
class Heartbeat {
public:
    Heartbeat(Store store, int rank, int count, std::chrono::milliseconds every)
        : seen_(std::make_shared<Seen>(count)),
          thread_(beat, std::move(store), rank, every, seen_) {}
    // As if all had moved just now.
    void forgive() {
        const std::lock_guard lock(seen_->mutex);
        std::fill(seen_->moved.begin(), seen_->moved.end(), Clock::now());
    }
    // Throws when one has not moved for so long.
    void check(std::chrono::milliseconds timeout) const {
        const std::lock_guard lock(seen_->mutex);
        for (std::size_t other = 0; other < seen_->moved.size(); ++other)
            if (Clock::now() - seen_->moved[other] > timeout)
                throw std::runtime_error("rank " + std::to_string(other) +
                                         " gives no sign of life");
    }
    // It may wait for what will never answer.
    void abandon() {
        if (!thread_.joinable()) return;
        thread_.request_stop();
        thread_.detach();
    }

private:
    struct Seen {
        explicit Seen(int count) : moved(count, Clock::now()) {}
        std::mutex mutex;
        std::condition_variable_any never;
        std::vector<Clock::time_point> moved;
    };

    static void beat(const std::stop_token& stop, const Store& store, int rank,
                     std::chrono::milliseconds every, const std::shared_ptr<Seen>& seen) {
        std::vector<std::int64_t> beats(seen->moved.size());
        try {
            while (!stop.stop_requested()) {
                store->add(pulseOf(rank), 1);
                for (std::size_t other = 0; other < beats.size(); ++other) {
                    const auto now = store->add(pulseOf(static_cast<int>(other)), 0);
                    if (std::exchange(beats[other], now) == now) continue;
                    const std::lock_guard lock(seen->mutex);
                    seen->moved[other] = Clock::now();
                }
                std::unique_lock lock(seen->mutex);
                seen->never.wait_for(lock, stop, every, [] { return false; });
            }
        } catch (const std::exception&) {
            // The store is gone, and with it a rank: the next collective says so.
        }
    }

    std::shared_ptr<Seen> seen_;
    std::jthread thread_;
};

struct Ranks::Group : std::enable_shared_from_this<Group> {
    Store store;
    c10::intrusive_ptr<c10d::Backend> backend;  // Gloo
    c10::intrusive_ptr<c10d::Backend> onGpus;   // NCCL, for tensors there; or none
    int rank = 0, count = 0;
    std::chrono::milliseconds timeout;
    mutable std::optional<Heartbeat> heartbeat;

    ~Group() {
        if (onGpus) onGpus->abort();  // a shutdown would wait for ranks that may be gone
    }

    c10d::Backend& backendOf(const torch::Tensor& tensor) const {
        return onGpus && tensor.is_cuda() ? *onGpus : *backend;
    }

    // What every collective goes through: a rank that is gone shows here.
    template <class Work>
    auto collectively(const Work& work) const {
        try {
            return work();
        } catch (const std::exception& e) {
            heartbeat->abandon();
            throw Error("rank " + std::to_string(rank) + " of " + std::to_string(count) +
                        ": another rank failed or did not answer in time (" + gist(e.what()) +
                        "); look at what the others said, then resume with --resume");
        }
    }

    // A collective that goes on; what is returned waits for it.
    template <class Start>
    std::shared_ptr<std::function<void()>> started(const Start& start) {
        auto work = collectively(start);
        return std::make_shared<std::function<void()>>(
            [group = shared_from_this(), work] { group->collectively([&] { work->wait(); }); });
    }

    // A sum for which some may be late by hours: waits as long as they live.
    void sumPatiently(torch::Tensor tensor) {
        constexpr auto kForever = std::chrono::hours(10'000);
        std::vector<torch::Tensor> tensors{std::move(tensor)};
        c10d::AllreduceOptions options;
        options.timeout = kForever;
        const auto sum = backend->allreduce(tensors, options);
        try {
            waitWhileAllLive(*sum);
        } catch (...) {
            backend.release();  // its end would wait for this sum
            throw;
        }
        sum->wait();
    }

    void waitWhileAllLive(c10d::Work& work) const {
        using namespace std::chrono_literals;
        heartbeat->forgive();
        auto pause = std::chrono::microseconds(50);
        while (!work.isCompleted()) {
            std::this_thread::sleep_for(pause);
            pause = std::min<std::chrono::microseconds>(pause * 2, 20ms);
            heartbeat->check(timeout);
        }
    }
};

Ranks Ranks::fromEnvironment(std::chrono::seconds timeout) {
    const auto seat = findSeat();
    Ranks ranks;
    if (seat.count < 2) return ranks;
    ranks.rank_ = seat.rank;
    ranks.count_ = seat.count;
    ranks.group_ = std::make_shared<Group>();
    ranks.group_->rank = seat.rank;
    ranks.group_->count = seat.count;
    FLAGS_caffe2_log_level = c10::GLOG_FATAL;  // what it logs with a stack comes as an Error too
    try {
        c10d::TCPStoreOptions meeting;
        meeting.port = static_cast<std::uint16_t>(seat.port);
        meeting.isServer = seat.rank == 0 && !seat.agentServes;
        meeting.numWorkers = seat.count;
        meeting.waitWorkers = !seat.agentServes;
        meeting.timeout = timeout;
        const auto store = c10::make_intrusive<c10d::PrefixStore>(
            "lvr/" + variable("TORCHELASTIC_RESTART_COUNT"),
            c10::make_intrusive<c10d::TCPStore>(seat.host, meeting));
        auto options = c10d::ProcessGroupGloo::Options::create(timeout);
        options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
        ranks.group_->backend = c10::make_intrusive<c10d::ProcessGroupGloo>(
            store, seat.rank, seat.count, std::move(options));
        ranks.group_->store = store;
        ranks.group_->timeout = timeout;
        ranks.group_->heartbeat.emplace(
            store, seat.rank, seat.count,
            std::min(std::chrono::milliseconds(1000), std::chrono::milliseconds(timeout) / 10));
    } catch (const std::exception& e) {
        throw Error("rank " + std::to_string(seat.rank) + " of " + std::to_string(seat.count) +
                    " could not meet the others at " + seat.host + ":" + std::to_string(seat.port) +
                    " (" + gist(e.what()) + "); check that all were started and can reach it");
    }
    return ranks;
}

std::string Ranks::meetOn(torch::Device device) const {
    if (!group_ || !std::filesystem::exists(ncclPluginFile())) return "Gloo";
    const NcclPlugin* nccl = nullptr;
    std::string gpu;
    eachDoes([&] {
        if (!device.is_cuda()) return;
        nccl = &loadNcclPlugin();
        gpu = nccl->gpu(device.index());
    });
    const auto gpus = gather(gpu);
    const std::set<std::string> different(gpus.begin(), gpus.end());
    if (different.contains("")) return "Gloo";
    if (different.size() < gpus.size()) return "Gloo (NCCL needs a GPU for each rank)";
    group_->collectively([&] {
        group_->onGpus = nccl->group(c10::make_intrusive<c10d::PrefixStore>("nccl", group_->store),
                                     rank_, count_, device.index(), group_->timeout);
    });
    return "NCCL";
}

void Ranks::sum(torch::Tensor tensor) const {
    if (group_) startSum(std::move(tensor)).wait();
}

void Ranks::broadcast(torch::Tensor tensor, int from) const {
    if (!group_) return;
    auto& backend = group_->backendOf(tensor);
    std::vector<torch::Tensor> tensors{std::move(tensor)};
    c10d::BroadcastOptions options;
    options.rootRank = from;
    group_->collectively([&] { backend.broadcast(tensors, options)->wait(); });
}

void Ranks::toFirst(torch::Tensor tensor, int from) const {
    if (!group_ || from == 0 || (rank_ != from && !first())) return;
    constexpr int kTag = 0;
    std::vector<torch::Tensor> tensors{std::move(tensor)};
    auto& backend = *group_->backend;
    group_->collectively([&] {
        (first() ? backend.recv(tensors, from, kTag) : backend.send(tensors, 0, kTag))->wait();
    });
}

std::vector<std::string> Ranks::gather(const std::string& bytes) const {
    if (!group_) return {bytes};
    auto sizes = torch::zeros({count_}, torch::kInt64);
    sizes[rank_] = static_cast<std::int64_t>(bytes.size());
    sum(sizes);
    std::vector<std::string> all;
    for (int from = 0; from < count_; ++from) {
        std::string text = from == rank_ ? bytes : std::string();
        text.resize(static_cast<std::size_t>(sizes[from].item<std::int64_t>()));
        const auto view =
            torch::from_blob(text.data(), {static_cast<std::int64_t>(text.size())}, torch::kUInt8);
        if (!text.empty()) broadcast(view, from);
        all.push_back(std::move(text));
    }
    return all;
}

void Ranks::eachDoes(const std::function<void()>& part) const {
    if (!group_) return part();
    enum { Failed, Interrupted, kEnds };
    auto ends = torch::zeros({kEnds});
    std::exception_ptr why;
    try {
        part();
    } catch (const Cancelled&) {
        why = std::current_exception();
        ends[Interrupted] = 1;
    } catch (...) {
        why = std::current_exception();
        ends[Failed] = 1;
    }
    group_->collectively([&] { group_->sumPatiently(ends); });
    if (why) std::rethrow_exception(why);
    if (ends[Failed].item<float>() > 0) throw Error("another rank failed; see what it said");
    if (ends[Interrupted].item<float>() > 0) throw Cancelled();
}

void Ranks::firstDoes(const std::function<void()>& work) const {
    eachDoes([&] {
        if (first()) work();
    });
}

Ranks::Pending Ranks::startSum(torch::Tensor tensor) const {
    Pending pending;
    if (!group_) return pending;
    auto& backend = group_->backendOf(tensor);
    std::vector<torch::Tensor> tensors{std::move(tensor)};
    pending.work_ = group_->started([&] { return backend.allreduce(tensors, {}); });
    return pending;
}

bool Ranks::sumsAtOwners() const { return group_ && group_->onGpus; }

Ranks::Pending Ranks::startSumAt(torch::Tensor tensor, int owner) const {
    Pending pending;
    if (!group_) return pending;
    auto& backend = group_->backendOf(tensor);
    std::vector<torch::Tensor> tensors{std::move(tensor)};
    c10d::ReduceOptions options;
    options.rootRank = owner;
    pending.work_ = group_->started([&] { return backend.reduce(tensors, options); });
    return pending;
}

void Ranks::Pending::wait() {
    if (work_) (*std::static_pointer_cast<std::function<void()>>(work_))();
    work_.reset();
}

int localRank() {
    for (const char* name : {"LOCAL_RANK", "SLURM_LOCALID"})
        if (!variable(name).empty()) return number(name);
    return 0;
}

}  // namespace lvr
