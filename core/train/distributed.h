#pragma once

#include <torch/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lvr {

// The processes that train one model together, over PyTorch's c10d process groups. The only place
// that knows of ranks, and of a thread: a heartbeat, that tells the others that this rank lives
// while it is busy. A rank that fails or does not answer in time is an Error on every other.
class Ranks {
public:
    Ranks() = default;  // one process, alone
    // As torchrun (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT) or SLURM (SLURM_PROCID,
    // SLURM_NTASKS, SLURM_LAUNCH_NODE_IPADDR) say; alone when they say nothing. Waits until all are
    // there. Throws Error: variables half set, or the others don't come.
    static Ranks fromEnvironment(std::chrono::seconds timeout);

    int rank() const { return rank_; }
    int count() const { return count_; }
    bool first() const { return rank_ == 0; }
    // Before collectives of tensors on `device`: they go through NCCL if the program has its plugin
    // and each rank a GPU of its own, else through Gloo, as all others do. Returns which, for
    // people. Every rank must call it. Throws Error: the plugin can't be used.
    std::string meetOn(torch::Device device) const;

    // Collective: every rank calls them in the same order, with tensors of the same shapes.
    void sum(torch::Tensor tensor) const;                  // in place, over all ranks
    void broadcast(torch::Tensor tensor, int from) const;  // in place
    // From one rank to the first: `tensor` is what is sent there, what is filled here, and nothing
    // to the others.
    void toFirst(torch::Tensor tensor, int from) const;
    std::vector<std::string> gather(const std::string& bytes) const;  // every rank's, by rank
    // Every rank does its own part, however long that takes: who is through waits for the others
    // as long as they give signs of life. If one fails or is interrupted, all do (Error,
    // Cancelled).
    void eachDoes(const std::function<void()>& part) const;
    // The same of work that only the first rank has.
    void firstDoes(const std::function<void()>& work) const;

    // A sum that goes on while the caller does other things, until wait().
    class Pending {
    public:
        void wait();

    private:
        friend class Ranks;
        std::shared_ptr<void> work_;
    };
    Pending startSum(torch::Tensor tensor) const;
    // Whether gradients are summed at their owners only: where the ranks met over NCCL.
    bool sumsAtOwners() const;
    // The same to one rank only: what the others' tensors hold afterwards has no meaning.
    Pending startSumAt(torch::Tensor tensor, int owner) const;

private:
    struct Group;
    int rank_ = 0, count_ = 1;
    std::shared_ptr<Group> group_;
};

// Where this process is among those of its own machine: 0 unless torchrun or SLURM say otherwise.
int localRank();

}  // namespace lvr
