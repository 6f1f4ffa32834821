#include "app/ask/picture_regions.h"

#include <algorithm>
#include <utility>

#include "app/ask/ask_workspace.h"
#include "app/ask/history.h"

namespace lvr {
namespace {

constexpr int kDrawingEnds = 300;  // ms without a change: so much is lost at most

}  // namespace

PictureRegions::PictureRegions(AskWorkspace& ask, History* history, QObject* parent)
    : QObject(parent), ask_(ask), history_(history) {
    settle_.setSingleShot(true);
    settle_.setInterval(kDrawingEnds);
    connect(&settle_, &QTimer::timeout, this, &PictureRegions::keep);
    connect(&ask_, &AskWorkspace::regionsChanged, this, &PictureRegions::changed);
    connect(&ask_, &AskWorkspace::leaving, this, &PictureRegions::keep);
    if (!history_) return;
    connect(history_, &History::regionsKept, this, [this](int ticket) {
        std::erase_if(unkept_, [&](const Unkept& each) { return each.ticket == ticket; });
    });
}

void PictureRegions::changed() {
    drawn_ = true;
    settle_.start();
}

// Called while the pictures, and what is drawn on them, are still on screen.
void PictureRegions::keep() {
    settle_.stop();
    if (!pictures_ || !std::exchange(drawn_, false)) return;
    std::erase_if(unkept_, [&](const Unkept& each) { return *each.pictures == *pictures_; });
    unkept_.push_back({++tickets_, pictures_, ask_.regions(), ask_.regionNames()});
    if (history_)
        history_->keepRegions(pictures_, ask_.regions(), ask_.regionNames(), known_, tickets_);
}

void PictureRegions::turnTo(const Pictures& pictures) {
    pictures_ = pictures;
    drawn_ = known_ = false;
    for (const Unkept& each : unkept_)
        if (*each.pictures == *pictures_) return take(each.boxes, each.names);
}

void PictureRegions::bringBack(const Conversation& conversation) {
    if (std::exchange(known_, true) || !conversation.regions) return;
    take(*conversation.regions, conversation.regionNames);
}

// What was drawn before it was known stays too.
void PictureRegions::take(const std::vector<Box>& kept, const std::vector<std::string>& names) {
    known_ = true;
    auto boxes = kept;
    for (const Box& box : drawn_ ? ask_.regions() : std::vector<Box>())
        if (std::ranges::find(boxes, box) == boxes.end()) boxes.push_back(box);
    const bool areNamed = !drawn_ && names != ask_.regionNames();
    if (boxes != ask_.regions() || areNamed) ask_.setRegions(boxes, names);
}

}  // namespace lvr
