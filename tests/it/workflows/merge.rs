use crate::support::{Site, documents, pdf};

#[tokio::test]
async fn documents_are_merged_in_the_order_of_adding_whatever_ends_first() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    // A heavy one first, so that the light ones are done before it.
    let widths: Vec<Vec<i64>> = vec![(400..480).collect(), vec![201], vec![202, 203], vec![204], vec![205]];
    for (index, widths) in widths.iter().enumerate() {
        client.add(&job, &documents::pdf(&format!("{index}.pdf"), widths)).await;
    }
    client.start(&job).await;
    let (_one, _two) = (site.work(), site.work());
    let done = client.finish(&job).await;
    assert_eq!(pdf::widths(&done.pdf()), widths.concat());
    assert_eq!(done.result["dataList"][0]["properties"][0]["value"], "85");
    assert_eq!(done.result["dataList"][0]["fileName"], "0.pdf");
}

#[tokio::test]
async fn documents_of_all_kinds_become_one_file() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client
        .convert(&[
            documents::pdf("a.pdf", &[300]),
            documents::png("b.png"),
            documents::text("c.txt"),
            documents::jpeg("d.jpg"),
            documents::pdf("e.pdf", &[310]),
        ])
        .await;
    let widths = pdf::widths(&done.pdf());
    assert_eq!((widths.len(), widths[0], widths[4]), (5, 300, 310), "{widths:?}");
    assert_eq!(done.result["dataList"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_document_that_is_added_twice_is_there_twice() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let same = documents::pdf("same.pdf", &[300, 301]);
    let done = client.convert(&[same.clone(), same]).await;
    assert_eq!(pdf::widths(&done.pdf()), [300, 301, 300, 301]);
}
