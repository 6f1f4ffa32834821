#pragma once

#include <QTextEdit>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// What a rollout generated, position by position: words on a tint that is the stronger the less
// likely they were, latents as numbered blocks to click. Left and right move between the latents.
class RolloutTokens : public QTextEdit {
    Q_OBJECT
public:
    static constexpr int kNone = -1;
    explicit RolloutTokens(QWidget* parent = nullptr);

    void show(const std::vector<RolloutToken>& tokens);
    void selectLatent(int latent);  // kNone: none
    int selectedLatent() const { return selected_; }
    int latentCount() const { return static_cast<int>(blocks_.size()); }
    QString explain(const QPoint& at) const;  // about the position under a point of the viewport
    QRect blockRect(int latent) const;        // in the viewport

Q_SIGNALS:
    void latentSelected(int latent);  // by the person; kNone when the selected one is clicked again

protected:
    bool viewportEvent(QEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Span {  // of the document, [begin, end)
        int begin = 0, end = 0;
        int token = 0;
        int latent = kNone;
    };
    QTextCharFormat formatOf(const RolloutToken& token, bool selected) const;
    void append(const RolloutToken& token, int position, QTextCursor& end);
    void tint(const Span& span);
    void choose(int latent);
    QRect rectOf(const Span& span) const;
    const Span* spanAt(const QPoint& at) const;

    std::vector<RolloutToken> tokens_;
    std::vector<Span> spans_;
    std::vector<int> blocks_;  // index into spans_, one per latent
    int selected_ = kNone;
};

}  // namespace lvr
