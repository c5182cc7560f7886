package controller

import (
	"context"
	"fmt"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	provision "sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"

	"rocketmq-operator/lab/volumes/internal/driver"
)

const (
	// A failed step is tried again after retryFirst, then ever later, up to retryLast: a node may come back at any time.
	retryFirst = 200 * time.Millisecond
	retryLast  = 10 * time.Second
	// resync repeats every decision from the cache, for what no event announced.
	resync = 5 * time.Minute
	// clientRate is calls a second to the API server; the default of 5 would make a large cluster's volumes wait.
	clientRate = 100
	// serverPoll is the time between two looks at an API server that does not serve us yet.
	serverPoll = 250 * time.Millisecond
)

// Run serves the cluster of the kubeconfig until the context ends.
func Run(ctx context.Context, kubeconfig string, drivers Drivers) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst, config.UserAgent = clientRate, clientRate, "lab-volumes"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := awaitServer(ctx, client); err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, resync)
	provisioner := newProvisioner(ctx, client, factory, Provisioner{Drivers: drivers})
	resizes := newResizeQueue(ctx, client, factory, drivers)
	factory.Start(ctx.Done())
	go resizes.run(ctx)
	provisioner.Run(ctx)
	return nil
}

// awaitServer waits until the API server answers and lets us read volumes. The informers would wait too, but with ever
// longer pauses, up to half a minute.
func awaitServer(ctx context.Context, client kubernetes.Interface) error {
	for reported := ""; ; {
		_, err := client.CoreV1().PersistentVolumes().List(ctx, meta.ListOptions{Limit: 1})
		if err == nil {
			return nil
		}
		if message := err.Error(); message != reported {
			klog.InfoS("waiting for the API server", "reason", message, "forbidden", apierrors.IsForbidden(err))
			reported = message
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(serverPoll):
		}
	}
}

func newProvisioner(
	ctx context.Context, client kubernetes.Interface, factory informers.SharedInformerFactory, provisioner Provisioner,
) *provision.ProvisionController {
	return provision.NewProvisionController(ctx, client, driver.Name, provisioner,
		provision.LeaderElection(false),
		provision.AddFinalizer(true),
		provision.ResyncPeriod(resync),
		provision.FailedProvisionThreshold(0),
		provision.FailedDeleteThreshold(0),
		provision.RateLimiter(workqueue.NewTypedItemExponentialFailureRateLimiter[string](retryFirst, retryLast)),
		provision.CreateProvisionedPVLimiter(workqueue.NewTypedItemExponentialFailureRateLimiter[string](retryFirst, retryLast)),
		provision.ClaimsInformer(factory.Core().V1().PersistentVolumeClaims().Informer()),
		provision.VolumesInformer(factory.Core().V1().PersistentVolumes().Informer()),
		provision.ClassesInformer(factory.Storage().V1().StorageClasses().Informer()),
	)
}

// resizeQueue hands every claim that changed to the Resizer, one run for a claim at a time.
type resizeQueue struct {
	resizer *Resizer
	claims  cache.SharedIndexInformer
	volumes cache.SharedIndexInformer
	queue   workqueue.TypedRateLimitingInterface[string]
}

func newResizeQueue(
	ctx context.Context, client kubernetes.Interface, factory informers.SharedInformerFactory, drivers Drivers,
) *resizeQueue {
	events := record.NewBroadcaster(record.WithContext(ctx))
	events.StartRecordingToSink(&typed.EventSinkImpl{Interface: client.CoreV1().Events("")})
	resizes := &resizeQueue{
		resizer: &Resizer{
			Objects: cluster{client}, Drivers: drivers, Now: time.Now,
			Events: events.NewRecorder(scheme.Scheme, core.EventSource{Component: driver.Name}),
		},
		claims:  factory.Core().V1().PersistentVolumeClaims().Informer(),
		volumes: factory.Core().V1().PersistentVolumes().Informer(),
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](retryFirst, retryLast)),
	}
	enqueue := func(claim any) {
		if key, err := cache.MetaNamespaceKeyFunc(claim); err == nil {
			resizes.queue.Add(key)
		}
	}
	_, err := resizes.claims.AddEventHandlerWithResyncPeriod(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, claim any) { enqueue(claim) },
	}, resync)
	if err != nil {
		panic(fmt.Sprintf("an informer that was never started refuses a handler: %v", err))
	}
	return resizes
}

func (q *resizeQueue) run(ctx context.Context) {
	if !cache.WaitForCacheSync(ctx.Done(), q.claims.HasSynced, q.volumes.HasSynced) {
		return
	}
	context.AfterFunc(ctx, q.queue.ShutDown)
	for {
		key, stopped := q.queue.Get()
		if stopped {
			return
		}
		if err := q.resize(ctx, key); err != nil {
			klog.ErrorS(err, "expansion goes on later", "claim", key)
			q.queue.AddRateLimited(key)
		} else {
			q.queue.Forget(key)
		}
		q.queue.Done(key)
	}
}

func (q *resizeQueue) resize(ctx context.Context, key string) error {
	claim, found, err := lookUp[*core.PersistentVolumeClaim](q.claims, key)
	if !found || err != nil {
		return err
	}
	volume, found, err := lookUp[*core.PersistentVolume](q.volumes, claim.Spec.VolumeName)
	if !found || err != nil {
		return err
	}
	return q.resizer.Resize(ctx, claim, volume)
}

func lookUp[T any](informer cache.SharedIndexInformer, key string) (object T, found bool, err error) {
	cached, found, err := informer.GetStore().GetByKey(key)
	if !found || err != nil {
		return object, false, err
	}
	object, found = cached.(T)
	return object, found, nil
}
