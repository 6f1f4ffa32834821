#pragma once

#include <QTextEdit>
#include <vector>

#include "core/values/trace.h"

namespace lvr {

// The answer as it is generated: words as text, latent steps as chips to click. Pointing at either
// tells its probability, norm and P(end); so do the arrow keys, which go from position to position
// and select the latent steps they come to.
class TokenStream : public QTextEdit {
    Q_OBJECT
public:
    explicit TokenStream(QWidget* parent = nullptr);

    void clear();
    void append(const DecodeStep& step);
    void show(const Trace& trace);
    void selectStep(int latentStep);  // -1: none
    int latentCount() const { return static_cast<int>(chips_.size()); }
    // What is said about the position under a point of the viewport; empty when there is none.
    QString explain(const QPoint& at) const;
    QRect chipRect(int latentStep) const;  // in the viewport
    int position() const { return at_; }   // where the arrow keys are; -1: nowhere

Q_SIGNALS:
    void stepSelected(int latentStep);

protected:
    bool viewportEvent(QEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void changeEvent(QEvent* event) override;
    QMimeData* createMimeDataFromSelection() const override;

private:
    struct Span {  // of the document, [begin, end)
        int begin = 0, end = 0;
        QString about;
        int latentStep = -1;
    };
    const Span* spanAt(const QPoint& at) const;
    QRect rectOf(const Span& span) const;
    void goTo(int position);
    void recolour();
    void showPlace();
    void add(const DecodeStep& step, const TextStep& text);
    void add(const DecodeStep& step, const LatentStep& latent);

    std::vector<Span> spans_;
    std::vector<int> chips_;  // index into spans_, one per latent step
    int selected_ = -1;
    int at_ = -1;  // index into spans_
};

}  // namespace lvr
