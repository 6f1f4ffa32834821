#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/files/safetensors.h"

namespace lvr {

struct Backbone;

// A folder as given, or a repo id such as "Qwen/Qwen2.5-VL-3B-Instruct" looked up in the local hub
// cache, never the network: HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME or
// ~/.cache, the first that is set; there refs/main, or the newest snapshot. Throws Error saying
// where it looked.
std::filesystem::path findCheckpoint(const std::string& folderOrRepoId);
// Repo ids with a complete-looking snapshot of a known backbone in the local hub cache, sorted.
std::vector<std::string> cachedCheckpoints();
// What to write down so that findCheckpoint finds this folder again: the repo id of a snapshot in a
// hub cache, else the absolute path.
std::string referenceTo(const std::filesystem::path& folder);

// Not one where it cannot be looked at.
bool isFolder(const std::filesystem::path& path);

// Tensors of model.safetensors, or of all shards of model.safetensors.index.json, under their
// canonical (legacy) names: visual.*, model.*, lm_head.weight, lvr_head.*, lvr_latent_end_emb
// (lvr-spec 1.4). A tied model may hold an lm_head.weight all the same. Throws Error: a shard
// missing, a shard name with path parts, a tensor the index promises and its shard lacks, a name
// twice (also once old, once new).
std::map<std::string, TensorView> openWeights(const std::filesystem::path& folder);

// Writes model.safetensors of a checkpoint of that backbone. The names of `tensors`, and those that
// `give` is asked for, are canonical.
void streamWeights(const Backbone& backbone, std::vector<TensorHeader> tensors,
                   const GiveTensor& give, const std::filesystem::path& folder);

// The name of a tensor as openWeights has it: model.language_model.* is model.*, model.visual.* is
// visual.*.
std::string canonicalName(const std::string& name);

using ExpectedTensors = std::map<std::string, std::vector<std::int64_t>>;  // name -> shape
// Throws one Error with the complete list of missing and mis-shaped tensors, and of those that
// nothing asks for (of each kind, 40 by name and the rest as a number). When there are only the
// latter, they are what it returns: as text, empty when there is none.
std::string checkWeights(const std::map<std::string, TensorView>& found,
                         const ExpectedTensors& expected, const std::filesystem::path& folder);

// What config.json, or a file as AutoGPTQ and AutoAWQ once wrote it, says the weights were
// quantised with, such as "awq".
std::optional<std::string> quantisationOf(const std::filesystem::path& folder);

// A sentence for each file or field of the folder that could change the numbers and is not used:
// weights beside those that are opened, and code of the checkpoint's own.
std::vector<std::string> unusedParts(const std::filesystem::path& folder);
// The names of the other files that nothing here reads, such as pytorch_model.bin, sorted; what is
// only text or pictures for people is left out.
std::vector<std::string> unreadFiles(const std::filesystem::path& folder);

}  // namespace lvr
