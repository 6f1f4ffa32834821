#include "core/model/quantise_checkpoint.h"

#include <map>

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/model_size.h"
#include "core/error.h"
#include "core/model/checkpoint_weights.h"
#include "core/model/dtype.h"
#include "core/model/quantised_weight.h"
#include "core/model/save_checkpoint.h"
#include "core/torch.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

void checkSource(const fs::path& from, const fs::path& out) {
    std::error_code ignored;
    if (fs::equivalent(from, out, ignored))
        throw Error(out.string() + " is the checkpoint itself; choose another --out");
    if (readAdapterConfig(from))
        throw Error(from.string() +
                    " is an adapter; merge it with its base first: lvr model merge");
    if (const auto quantisation = readQuantisation(from))
        throw Error(from.string() + " is quantised already (" + toText(*quantisation) +
                    "); quantise the checkpoint it was made from");
}

// Streams a checkpoint's weights into a file, those of Linears as integers.
class WeightStream {
public:
    WeightStream(const fs::path& from, const Quantisation& quantisation, const QuantiseHooks& hooks)
        : opened_(openCheckpointWeights(from, {})), quantisation_(quantisation), hooks_(hooks) {
        plan();
        if (report_.quantised == 0)
            throw Error("groups of " + std::to_string(quantisation.group) +
                        " divide the inputs of no Linear of " + from.string() +
                        "; choose a smaller --group");
    }

    void write(const fs::path& folder) {
        streamWeights(
            *opened_.config.backbone, headers_,
            [this](const TensorHeader& tensor, const WriteBytes& write) { give(tensor, write); },
            folder);
    }
    const QuantiseReport& report() const { return report_; }

private:
    // Walks the list that a model of this configuration would ask for.
    void plan() {
        const auto asIs = [this](const std::string& name, at::IntArrayRef shape) {
            headers_.push_back({name, opened_.weights.at(name).dtype, shape.vec()});
            report_.bytesBefore += static_cast<double>(opened_.weights.at(name).size);
            return torch::empty(shape, torch::device(torch::kMeta));
        };
        const auto asIntegers = [this](const std::string& name, std::int64_t out, std::int64_t in) {
            return planLinear(name, out, in);
        };
        const LvrModel shape(opened_.config, Parameters(asIs, {}, asIntegers));
        for (const auto& header : headers_)
            report_.bytesAfter += static_cast<double>(bytesPerElement(header.dtype)) *
                                  static_cast<double>(c10::multiply_integers(header.shape));
    }

    std::optional<Weight> planLinear(const std::string& name, std::int64_t out, std::int64_t in) {
        const int bits = bitsOf(quantisation_, name, in);
        if (bits == 0) {
            if (bitsOf({.group = 1}, name, in)) report_.kept.push_back(name);
            return std::nullopt;
        }
        report_.bytesBefore += static_cast<double>(opened_.weights.at(name).size);
        headers_.push_back(
            {name, bits == 8 ? DType::I8 : DType::U8, {out, bits == 8 ? in : in / 2}});
        headers_.push_back({name + "_scale", DType::BF16, {out, in / quantisation_.group}});
        bits_[name] = bits;
        report_.quantised += 1;
        const auto meta = torch::empty({out, in}, torch::device(torch::kMeta));
        return Weight{meta, meta};
    }

    // The scales come first in the file, because their numbers are wider.
    void give(const TensorHeader& tensor, const WriteBytes& write) {
        if (hooks_.stop.stop_requested()) throw Cancelled();
        if (hooks_.onProgress) hooks_.onProgress(done_++ / static_cast<double>(headers_.size()));
        const auto ofScale = tensor.name.rfind("_scale");
        const auto linear = tensor.name.substr(0, ofScale);
        if (!bits_.contains(linear)) return giveAsIs(tensor.name, write);
        if (ofScale == std::string::npos)
            put(integersFor(sourceOf(linear), scales_.extract(linear).mapped(), bits_[linear]),
                write);
        else
            put(scales_[linear] = scalesOf(linear), write);
        dropFromMemory(opened_.weights.at(linear));
    }

    void giveAsIs(const std::string& name, const WriteBytes& write) const {
        const auto& view = opened_.weights.at(name);
        write({view.data, view.size});
        dropFromMemory(view);
    }

    static void put(const torch::Tensor& tensor, const WriteBytes& write) {
        write({static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()});
    }

    torch::Tensor scalesOf(const std::string& linear) const {
        try {
            return scalesFor(sourceOf(linear), bits_.at(linear), quantisation_.group);
        } catch (const Error& error) {
            throw Error("tensor " + linear + " can't be quantised: " + error.what() +
                        "; train or download the checkpoint again");
        }
    }

    torch::Tensor sourceOf(const std::string& linear) const {
        const auto& view = opened_.weights.at(linear);
        return torch::from_blob(const_cast<std::byte*>(view.data), view.shape,
                                torch::dtype(memoryType(view.dtype)));
    }

    CheckpointWeights opened_;
    Quantisation quantisation_;
    const QuantiseHooks& hooks_;
    std::vector<TensorHeader> headers_;
    std::map<std::string, int> bits_;              // of each Linear that becomes integers
    std::map<std::string, torch::Tensor> scales_;  // of those whose integers are still to come
    QuantiseReport report_;
    double done_ = 0;
};

}  // namespace

QuantiseReport quantiseCheckpoint(const fs::path& from, const Quantisation& quantisation,
                                  const fs::path& out, const QuantiseHooks& hooks) {
    check(quantisation);
    checkSource(from, out);
    checkOutputFolder(out);
    // Its weights stay where they are: only what is beside them is read.
    const auto checkpoint = LvrCheckpoint::open(
        from.string(), {.dtype = memoryType(sizeOf(from).dtype), .stop = hooks.stop});
    WeightStream weights(from, quantisation, hooks);
    saveCheckpoint(
        checkpoint, from, checkpoint.madeInto(hooks.command), out,
        [&](const fs::path& folder) { writeQuantisation(quantisation, folder); },
        [&](const fs::path& folder) { weights.write(folder); });
    return weights.report();
}

}  // namespace lvr
